#include "rootca/standing.h"

#include "agent/x509/bundle.h"
#include "agent/x509/certificate.h"
#include "base/scoped.h"
#include "base/text.h"
#include "rootca/secret_object.h"
#include "rootca/wiping.h"

#include <openssl/x509.h>
#include <string.h>

static const char trust_key[] = "cacert";
static const char trust_key_of_the_guide[] = "ca.crt";

bool standing_has_same_key(const X509 *a, const X509 *b)
{
	char key_of_a[CERTIFICATE_SHA256_TEXT_SIZE];
	char key_of_b[CERTIFICATE_SHA256_TEXT_SIZE];

	certificate_key_sha256(a, key_of_a);
	certificate_key_sha256(b, key_of_b);
	return text_equal(key_of_a, key_of_b);
}

bool standing_is_trusted(const struct standing *standing, const X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(standing->trusted); i++)
		if (X509_cmp(sk_X509_value(standing->trusted, i), certificate) == 0)
			return true;
	return false;
}

/* Exactly one with the signer's key, and one other. */
static bool tell_apart(struct input *input, struct standing *standing, struct error *error)
{
	if (input->count != 2)
		return error_set(error, ERROR_CONFIG,
		    "%zu object%s came, two were expected: the signer's Secret (ca.crt, ca.key) "
		    "and "
		    "the gateway's (cacert)",
		    input->count, input->count == 1 ? "" : "s");
	for (size_t i = 0; i < input->count; i++) {
		cJSON **place = &standing->gateway;

		if (!secret_object_check(input->objects[i], error))
			return false;
		if (secret_object_has(input->objects[i], "ca.key"))
			place = &standing->signer;
		if (*place)
			return error_set(error, ERROR_CONFIG,
			    "%s of the two Secrets has a ca.key: one has to be the signer's "
			    "(ca.crt, ca.key) and one the gateway's (cacert)",
			    place == &standing->signer ? "each" : "neither");
		*place = input->objects[i];
	}
	return true;
}

static bool read_pair(struct standing *standing, struct error *error)
{
	scoped(wiped) char *certificate = NULL;
	scoped(wiped) char *key = NULL;
	char name[SECRET_NAME_SIZE];
	size_t certificate_length = 0;
	size_t key_length = 0;

	secret_object_name(standing->signer, name);
	return secret_object_get(
		   standing->signer, "ca.crt", &certificate, &certificate_length, error)
	       && secret_object_get(standing->signer, "ca.key", &key, &key_length, error)
	       && ca_pair_parse(
		   certificate, certificate_length, key, key_length, name, &standing->pair, error);
}

static bool choose_trust_key(struct standing *standing, struct error *error)
{
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(standing->gateway, "data");
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(data, trust_key);
	const cJSON *guide = cJSON_GetObjectItemCaseSensitive(data, trust_key_of_the_guide);
	char name[SECRET_NAME_SIZE];

	secret_object_name(standing->gateway, name);
	if (own && guide && !cJSON_Compare(own, guide, true))
		return error_set(error, ERROR_CONFIG,
		    "the Secret %s has both cacert and ca.crt, and they differ: keep the one that "
		    "the "
		    "gateway reads",
		    name);
	if (!own && !guide)
		return error_set(
		    error, ERROR_CONFIG, "the Secret %s has neither cacert nor ca.crt", name);
	standing->trust_key = own ? trust_key : trust_key_of_the_guide;
	return true;
}

static bool read_trusted(struct standing *standing, struct error *error)
{
	scoped(char) char *bundle = NULL;
	char what[SECRET_NAME_SIZE + 32];
	char name[SECRET_NAME_SIZE];
	size_t length = 0;

	if (!choose_trust_key(standing, error)
	    || !secret_object_get(standing->gateway, standing->trust_key, &bundle, &length, error))
		return false;
	secret_object_name(standing->gateway, name);
	(void)text_format(what, sizeof(what), "%s of the Secret %s", standing->trust_key, name);
	return bundle_parse(
	    bundle, length, STANDING_TRUSTED_MAX, what, ERROR_CONFIG, &standing->trusted, error);
}

static int64_t begin_of(const X509 *certificate)
{
	struct error ignored = ERROR_INIT;
	int64_t not_before = 0;
	int64_t not_after = 0;

	return certificate_dates(certificate, &not_before, &not_after, &ignored) ? not_before : 0;
}

/* Of the signer's key, younger than the signer's certificate. */
static X509 *find_successor(const struct standing *standing)
{
	X509 *found = NULL;

	for (int i = 0; i < sk_X509_num(standing->trusted); i++) {
		X509 *each = sk_X509_value(standing->trusted, i);

		if (standing_has_same_key(each, standing->pair.certificate)
		    && begin_of(each) > begin_of(found ? found : standing->pair.certificate))
			found = each;
	}
	return found;
}

/* Of another key, younger than the signer's certificate. */
static bool trusts_a_newer_key(const struct standing *standing)
{
	for (int i = 0; i < sk_X509_num(standing->trusted); i++) {
		const X509 *each = sk_X509_value(standing->trusted, i);

		if (!standing_has_same_key(each, standing->pair.certificate)
		    && begin_of(each) > begin_of(standing->pair.certificate))
			return true;
	}
	return false;
}

static enum stage find_stage(const struct standing *standing)
{
	if (standing->successor)
		return STAGE_GATEWAY_AHEAD;
	if (!standing_is_trusted(standing, standing->pair.certificate))
		return trusts_a_newer_key(standing) ? STAGE_SIGNER_BEHIND : STAGE_SIGNER_AHEAD;
	return sk_X509_num(standing->trusted) == 1 ? STAGE_STEADY : STAGE_OVERLAP;
}

bool standing_read(struct input *input, struct standing *ret_standing, struct error *error)
{
	scoped(standing) struct standing standing = { .signer = NULL };

	if (!tell_apart(input, &standing, error) || !read_pair(&standing, error)
	    || !read_trusted(&standing, error))
		return false;
	standing.successor = find_successor(&standing);
	standing.stage = find_stage(&standing);

	*ret_standing = standing;
	standing = (struct standing){ .signer = NULL };
	return true;
}

void standing_clear(struct standing *standing)
{
	ca_pair_clear(&standing->pair);
	sk_X509_pop_free(standing->trusted, X509_free);
	*standing = (struct standing){ .signer = NULL };
}

const char *standing_stage_name(enum stage stage)
{
	static const char *const names[] = {
		[STAGE_STEADY] = "steady",
		[STAGE_OVERLAP] = "overlap",
		[STAGE_GATEWAY_AHEAD] = "gateway-ahead",
		[STAGE_SIGNER_AHEAD] = "signer-ahead",
		[STAGE_SIGNER_BEHIND] = "signer-behind",
	};

	_Static_assert(ARRAY_LENGTH(names) == STAGE_COUNT, "every stage has its name");
	return names[stage];
}

/* No CA in the bundle is of the signer's key. */
static bool has_new_key(const struct standing *standing)
{
	for (int i = 0; i < sk_X509_num(standing->trusted); i++)
		if (standing_has_same_key(
			sk_X509_value(standing->trusted, i), standing->pair.certificate))
			return false;
	return true;
}

const char *standing_stage_meaning(const struct standing *standing)
{
	switch (standing->stage) {
	case STAGE_STEADY:
		return "no rotation is under way: the gateway trusts the signer's CA and no other";
	case STAGE_OVERLAP:
		return "a rotation is in its overlap: the signer uses the new CA, the gateway "
		       "trusts "
		       "it and what came before";
	case STAGE_GATEWAY_AHEAD:
		return "a rotation stopped half-way: the gateway trusts a newer CA certificate of "
		       "the same key, which the signer does not use yet";
	case STAGE_SIGNER_AHEAD:
		return has_new_key(standing)
			   ? "a rotation to a new key stopped half-way: the gateway does not trust "
			     "what the signer signs"
			   : "a rotation stopped half-way: the signer uses a newer CA certificate "
			     "of "
			     "the same key, which the gateway does not trust yet";
	case STAGE_SIGNER_BEHIND:
		return "a rotation to a new key stopped half-way, from the wrong end: the gateway "
		       "trusts a newer CA, whose key the signer does not have, and not what the "
		       "signer signs";
	case STAGE_COUNT:
		break;
	}
	return "";
}

const char *standing_next(const struct standing *standing)
{
	switch (standing->stage) {
	case STAGE_STEADY:
		return "nothing, or begin one: root-ca rotate --reason REASON --days N";
	case STAGE_OVERLAP:
		return "renew all hosts, look at root-ca report, then root-ca retire --fleet "
		       "REPORTS";
	case STAGE_GATEWAY_AHEAD:
		return "finish it with the CA that is there: root-ca rotate --reason expiring "
		       "--finish "
		       "(or --reason compromised-certificate --finish)";
	case STAGE_SIGNER_AHEAD:
		return has_new_key(standing)
			   ? "finish it with the CA that is there: root-ca rotate --reason "
			     "compromised-key --finish"
			   : "finish it with the CA that is there: root-ca rotate --reason "
			     "expiring "
			     "--finish (or --reason compromised-certificate --finish)";
	case STAGE_SIGNER_BEHIND:
		return "replace the signer's Secret too, by what was printed together with the "
		       "gateway's; if that is lost, the key is: begin again with root-ca rotate "
		       "--reason compromised-key --days N";
	case STAGE_COUNT:
		break;
	}
	return "";
}
