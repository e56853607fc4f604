#include "agent/renewal/generation_key.h"

#include "agent/renewal/access.h"
#include "agent/renewal/key_file.h"
#include "agent/renewal/run.h"
#include "base/file_uri.h"
#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/token.h"
#include "pkcs11/token_uri.h"

/* NULL for what is no URI of a key or a token: the key of an adopted generation may be a file. */
static struct token_uri *parse(const char *text)
{
	struct token_uri *uri = NULL;
	struct error ignored = ERROR_INIT;
	struct key_id id;

	if (!text || key_uri_parse(text, &uri, &id, &ignored)
	    || token_uri_parse(text, &uri, &ignored))
		return uri;
	return NULL;
}

bool generation_key_is_here(const struct run *run, const char *text)
{
	scoped(token_uri) struct token_uri *uri = parse(text);

	return !uri || token_uri_matches(uri, token_info(access_token(run)));
}

char *generation_key_token(const struct generation *generation)
{
	scoped(token_uri) struct token_uri *uri = parse(generation->key_uri);
	struct error ignored = ERROR_INIT;
	char *text = NULL;

	return uri && token_uri_format(uri, &text, &ignored) ? text : NULL;
}

static bool set_missing(
    const struct run *run, const struct generation *generation, struct error *error)
{
	const struct identity_settings *settings = run->settings;
	bool active = generation->number == run->active.number;
	scoped(char) char *token = generation_key_token(generation);
	char whose[48] = "the active certificate's key";

	if (!active)
		text_format(whose, sizeof(whose), "the key of generation %u", generation->number);
	if (token && !generation_key_is_here(run, generation->key_uri))
		return error_set(error, ERROR_TOKEN,
		    "%s is in the token %s, but `token` in %s names %s: set it back%s", whose,
		    token, settings->token_place ? settings->token_place : "the configuration",
		    settings->token,
		    active ? ", or enroll with a one-time token to move to the other token" : "");
	return error_set(error, ERROR_TOKEN,
	    "%s is not in the token %s any more, which has no private key with the id %s: restore "
	    "it from a backup of the token%s",
	    whose, token_name(access_token(run)), generation->key_id,
	    active ? ", or enroll with a one-time token" : "");
}

bool generation_key_is_in_file(const struct generation *generation)
{
	return text_starts_with(generation->key_uri, FILE_URI_SCHEME);
}

bool generation_key_note_token(struct run *run, struct error *error)
{
	struct journal *journal = &run->journal;
	scoped(char) char *text = NULL;

	if (!token_uri_name(token_info(access_token(run)), &text, error))
		return false;
	return text_copy(journal->key_token, sizeof(journal->key_token), text)
	       || error_set(error, ERROR_TOKEN, "the token's name is too long: %s", text);
}

bool generation_key_of_next_is_here(const struct run *run)
{
	const char *token = run->journal.key_token;

	return !token[0] || generation_key_is_here(run, token);
}

/* Of an adopted generation. */
static bool load_file(const struct generation *generation, EVP_PKEY **ret_key, struct error *error)
{
	scoped(char) char *path = NULL;
	bool exposed;

	if (!file_uri_parse(generation->key_uri, &path))
		return error_set(error, ERROR_DAMAGED, "generation %u names no key: %s",
		    generation->number, generation->key_uri);
	return key_file_load(path, ret_key, &exposed, error)
	       || error_prefix(
		   error, "the key of generation %u, which was adopted", generation->number);
}

/* Whether the token lacks it; false too when nothing can be said. */
static bool is_missing(const struct run *run, const struct generation *generation)
{
	struct error ignored = ERROR_INIT;
	struct key_id id;
	bool has = true;

	return generation->key_id && key_id_parse(generation->key_id, &id)
	       && key_pair_has_private(access_token(run), &id, &has, &ignored) && !has;
}

bool generation_key_load(
    struct run *run, const struct generation *generation, EVP_PKEY **ret_key, struct error *error)
{
	struct key_id id;

	if (generation_key_is_in_file(generation))
		return load_file(generation, ret_key, error);
	if (!generation->key_id || !key_id_parse(generation->key_id, &id))
		return error_set(error, ERROR_DAMAGED, "%s: generation %u names no key id",
		    store_path(run->store), generation->number);
	if (access_load_key(run, &id, ret_key, error))
		return true;
	return is_missing(run, generation) ? set_missing(run, generation, error) : false;
}

bool generation_key_check(
    const struct run *run, const struct generation *generation, struct error *error)
{
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;

	if (generation_key_is_in_file(generation))
		return load_file(generation, &key, error);
	return !is_missing(run, generation) || set_missing(run, generation, error);
}
