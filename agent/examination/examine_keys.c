#include "agent/examination/examination.h"
#include "agent/renewal/access.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/key_role.h"
#include "agent/x509/certificate.h"
#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/nameless.h"
#include "pkcs11/token.h"

#include <inttypes.h>

/* Further ones are counted. */
#define KEYS_SHOWN 64

static const char *word(enum key_attribute attribute, const char *if_true, const char *if_false)
{
	if (attribute == KEY_ATTRIBUTE_UNKNOWN)
		return "?";
	return attribute == KEY_ATTRIBUTE_TRUE ? if_true : if_false;
}

/* A key in the making may be half a one: the next run makes it whole, or another. */
static bool is_made(const struct run *run, enum key_role role)
{
	return role == KEY_ROLE_ACTIVE || role == KEY_ROLE_RETAINED
	       || (role == KEY_ROLE_SPARE && journal_has_spare(&run->journal));
}

static void judge_key(
    const struct run *run, const struct key_pair *pair, enum key_role role, struct check *check)
{
	const struct key_attributes *is = &pair->attributes;
	struct error error = ERROR_INIT;

	if (!is_made(run, role) || key_pair_check(pair, 0, &error))
		check_set_ok(check,
		    "%s %s: RSA %u, sensitive %s, extractable %s, never extractable %s, "
		    "made in the token %s, signs %s, decrypts %s",
		    key_role_name(role), pair->label, pair->bits, word(is->sensitive, "yes", "no"),
		    word(is->extractable, "yes", "no"), word(is->never_extractable, "yes", "no"),
		    word(is->local, "yes", "no"), word(is->sign, "yes", "no"),
		    word(is->decrypt, "yes", "no"));
	else if (role == KEY_ROLE_SPARE)
		check_set_warning(check, "The next renewal destroys it and makes its own.",
		    "the spare key is of no use: %s", error.message);
	else
		check_set_failed(check,
		    "Renew with --force: a new key is made with the right attributes.", &error);
}

static bool list_keys(struct examination *examination, struct key_pair **ret_pairs,
    size_t *ret_count, struct check *check)
{
	struct run *run = &examination->run;
	char prefix[JOURNAL_LABEL_SIZE];
	struct error error = ERROR_INIT;
	bool damaged = false;

	*ret_count = 0;
	if (!run->store || !store_tag(run->store)[0]) {
		check_set_skipped(check, "there is no key of ours yet");
		return false;
	}
	run_label_prefix(run, prefix);
	/* The journal after the list: a key that another run has made since is not in it, and one
	   that is in it is known by then. */
	if (key_pair_list(examination->token, prefix, ret_pairs, ret_count, &error)
	    && journal_read(run->store, &run->journal, &damaged, &error))
		return true;
	check_set_failed(check, EXAMINATION_CURE_TOKEN, &error);
	return false;
}

void examine_key_attributes(struct examination *examination, struct check *check)
{
	scoped(key_pair_list) struct key_pair *pairs = NULL;
	size_t count;

	if (!list_keys(examination, &pairs, &count, check))
		return;
	check_set_skipped(check, "there is no key of ours yet");
	for (size_t i = 0; i < count; i++) {
		enum key_role role;
		uint32_t generation;
		struct error error = ERROR_INIT;

		if (i == KEYS_SHOWN) {
			check_set_ok(check, "%zu more keys: see the command keys", count - i);
			return;
		}
		if (key_role_of(&examination->run, &pairs[i], &role, &generation, &error))
			judge_key(&examination->run, &pairs[i], role, check);
		else
			check_set_failed(check, NULL, &error);
		/* The last one goes out as every other check does. */
		if (i + 1 < count && i + 1 < KEYS_SHOWN)
			examination_send(examination, check);
	}
}

void examine_leftovers(struct examination *examination, struct check *check)
{
	scoped(key_pair_list) struct key_pair *pairs = NULL;
	struct nameless nameless;
	struct error error = ERROR_INIT;
	size_t leftovers = 0;
	size_t count;

	if (!list_keys(examination, &pairs, &count, check))
		return;
	for (size_t i = 0; i < count; i++) {
		enum key_role role = KEY_ROLE_NEXT;
		uint32_t generation;

		leftovers += key_role_of(&examination->run, &pairs[i], &role, &generation, &error)
			     && role == KEY_ROLE_LEFTOVER;
	}
	if (!nameless_find(examination->token, &nameless, &error))
		check_set_failed(check, EXAMINATION_CURE_TOKEN, &error);
	else if (leftovers > 0)
		check_set_warning(check, "The next renewal destroys them, or at once: keys --prune",
		    "%zu keys of ours that nobody needs, %zu key objects without a name", leftovers,
		    nameless.count);
	else if (nameless.count > 0)
		check_set_warning(check,
		    "If no other program is making a key just now: keys --prune --unknown",
		    "%zu key objects without a name: what a crash left, or another program's key "
		    "in the making",
		    nameless.count);
	else
		check_set_ok(check, "none");
}

/* Is there a certificate with a key of ours? */
static bool has_key(
    const struct examination *examination, struct key_id *ret_id, struct check *check)
{
	const struct generation *active = &examination->run.active;

	if (active->number == 0)
		check_set_skipped(check, "there is no certificate that can be read yet");
	else if (!active->key_id || !key_id_parse(active->key_id, ret_id))
		check_set_skipped(check, "the active key has no id that the token knows");
	else
		return true;
	return false;
}

/* *ret_cure: a token that does not answer is not one that lacks the key. */
static bool compare(const struct examination *examination, const struct key_id *id,
    struct key_pair *ret_pair, const char **ret_cure, struct error *error)
{
	const struct generation *active = &examination->run.active;
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;

	*ret_cure = "Bring the key back from the token's backup; if it is lost, enroll with a "
		    "one-time token.";
	if (!generation_key_check(&examination->run, active, error))
		return false;
	if (!key_pair_find(examination->token, id, ret_pair, error)) {
		*ret_cure = EXAMINATION_CURE_TOKEN;
		return false;
	}
	/* An adopted one has the attributes that somebody else gave it. */
	if ((!active->adopted && !key_pair_check(ret_pair, 0, error))
	    || !key_pair_public_key(examination->token, id, &key, error))
		return false;
	if (EVP_PKEY_eq(key, X509_get0_pubkey(active->certificate)) == 1)
		return true;
	return error_set(error, ERROR_TOKEN,
	    "the key %s in the token is not that of the active certificate", active->key_id);
}

/* Of an adopted identity, before its first renewal. */
static void compare_file(struct examination *examination, struct check *check)
{
	const struct generation *active = &examination->run.active;
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	struct error error = ERROR_INIT;

	if (!generation_key_load(&examination->run, active, &key, &error))
		check_set_failed(
		    check, "Bring the file back, or enroll with a one-time token.", &error);
	else if (EVP_PKEY_eq(key, X509_get0_pubkey(active->certificate)) != 1)
		check_set_failed(check, "Bring the file back, or enroll with a one-time token.",
		    (error_set(&error, ERROR_TOKEN,
			 "the key in %s is not that of the active certificate", active->key_uri),
			&error));
	else
		check_set_warning(check,
		    "The next renewal makes a key in the token; renew --force does it now.",
		    "the active key was adopted and is in a file: %s", active->key_uri);
}

void examine_key_certificate(struct examination *examination, struct check *check)
{
	const struct generation *active = &examination->run.active;
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	struct error error = ERROR_INIT;
	struct key_pair pair;
	const char *cure;
	struct key_id id;

	if (active->number != 0 && generation_key_is_in_file(active)) {
		compare_file(examination, check);
		return;
	}
	if (!has_key(examination, &id, check))
		return;
	if (!compare(examination, &id, &pair, &cure, &error)) {
		check_set_failed(check, cure, &error);
		return;
	}
	certificate_sha256(active->certificate, sha256);
	check_set_ok(check,
	    "the key %s (RSA %u) belongs to certificate %.16s... of generation "
	    "%" PRIu32,
	    active->key_id, pair.bits, sha256, active->number);
}
