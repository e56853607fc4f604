#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/adoption.h"
#include "agent/renewal/key_file.h"
#include "agent/renewal/run.h"
#include "base/file_uri.h"
#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/token.h"
#include "pkcs11/token_uri.h"

static bool find_file(struct run *run, struct generation *generation, struct error *error)
{
	const char *path = run->job->key;
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	bool exposed = false;

	if (!key_file_load(path, &key, &exposed, error))
		return false;
	if (exposed)
		run_warn(run,
		    "every user of this host can read the key file %s: chmod 600, and renew soon "
		    "to "
		    "a key that stays in the token",
		    path);
	generation->key_uri = file_uri_format(path);
	return true;
}

/* What a URI looks for: an id of length 0 and an empty label stand for any. */
struct search {
	struct key_id id;
	char label[KEY_URI_LABEL_SIZE];
};

static bool fits(const struct search *search, const struct key_pair *pair)
{
	return (search->id.length == 0 || key_id_equal(&search->id, &pair->id))
	       && (search->label[0] == '\0' || text_equal(search->label, pair->label));
}

static bool find_pair(
    struct run *run, const struct search *search, struct key_pair *ret_pair, struct error *error)
{
	scoped(key_pair_list) struct key_pair *pairs = NULL;
	const struct token *token = access_token(run);
	size_t count = 0;
	size_t found = 0;

	if (!key_pair_list(token, "", &pairs, &count, error))
		return false;
	for (size_t i = 0; i < count; i++) {
		bool has = false;

		if (!fits(search, &pairs[i]))
			continue;
		if (!key_pair_has_private(token, &pairs[i].id, &has, error))
			return false;
		if (has && found++ == 0)
			*ret_pair = pairs[i];
	}
	if (found == 0)
		return error_set(error, ERROR_TOKEN,
		    "no private key with an id (CKA_ID) in token %s fits %s: keys shows ours, "
		    "pkcs11-tool --list-objects all",
		    token_name(token), run->job->key);
	if (found > 1 || ret_pair->state == KEY_PAIR_AMBIGUOUS)
		return error_set(error, ERROR_TOKEN,
		    "several private keys in token %s fit %s: add id= or object=",
		    token_name(token), run->job->key);
	return true;
}

/* Its generation would destroy it one day, and so would the adopted one's. */
static bool check_is_foreign(
    const struct run *run, const struct key_pair *pair, struct error *error)
{
	char ours[JOURNAL_LABEL_SIZE];

	(void)text_format(ours, sizeof(ours), POLICY_LABEL "%s/", store_tag(run->store));
	return !text_starts_with(pair->label, ours)
	       || error_set(error, ERROR_USAGE,
		   "the key %s is one of this agent's already: there is nothing to adopt",
		   pair->label);
}

static bool find_in_token(struct run *run, struct generation *generation, struct error *error)
{
	scoped(token_uri) struct token_uri *uri = NULL;
	char id[KEY_ID_TEXT_SIZE];
	struct search search;
	struct key_pair pair = { .label = "" };

	if (!key_uri_parse_search(run->job->key, &uri, &search.id, search.label, error)) {
		error->kind = ERROR_USAGE;
		return error_prefix(error, "--key");
	}
	if (!access_open(run, error))
		return false;
	if (!token_uri_matches(uri, token_info(access_token(run))))
		return error_set(error, ERROR_USAGE,
		    "--key names another token than %s, which is the one that is configured: set "
		    "`token`, or adopt a key that is in it",
		    token_name(access_token(run)));
	if (!find_pair(run, &search, &pair, error) || !check_is_foreign(run, &pair, error))
		return false;
	key_id_format(&pair.id, id);
	generation->key_id = text_duplicate(id);
	generation->key_label = pair.label[0] ? text_duplicate(pair.label) : NULL;
	return key_uri_format(
	    token_info(access_token(run)), &pair.id, pair.label, &generation->key_uri, error);
}

bool adoption_find_key(struct run *run, struct generation *generation, struct error *error)
{
	return text_starts_with(run->job->key, "pkcs11:") ? find_in_token(run, generation, error)
							  : find_file(run, generation, error);
}
