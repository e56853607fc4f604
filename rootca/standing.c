#include "rootca/standing.h"

#include "agent/x509/certificate.h"
#include "base/scoped.h"
#include "base/text.h"
#include "rootca/gateway_bundle.h"
#include "rootca/secret_object.h"
#include "rootca/wiping.h"

#include <openssl/x509.h>
#include <string.h>

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

static bool has_subject_of(const X509 *a, const X509 *b)
{
	return X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0;
}

bool standing_is_foreign(const struct standing *standing, const X509 *certificate)
{
	return !standing_has_same_key(certificate, standing->pair.certificate)
	       && !has_subject_of(certificate, standing->pair.certificate);
}

bool standing_trusts_key(const struct standing *standing)
{
	for (int i = 0; i < sk_X509_num(standing->trusted); i++)
		if (standing_has_same_key(
			sk_X509_value(standing->trusted, i), standing->pair.certificate))
			return true;
	return false;
}

bool standing_trusts_subject(const struct standing *standing)
{
	for (int i = 0; i < sk_X509_num(standing->trusted); i++)
		if (has_subject_of(sk_X509_value(standing->trusted, i), standing->pair.certificate))
			return true;
	return false;
}

bool standing_check_key(const struct standing *standing, struct error *error)
{
	if (standing->pair.key)
		return true;
	return error_set(error, ERROR_CONFIG,
	    "%s; put the right one back, or, if it is lost, begin a new one: root-ca rotate "
	    "--reason compromised-key --days N",
	    standing->key_fault.message);
}

/* By its private key, or, if that is lost, by not being called as the gateway's. */
static bool is_signer(const cJSON *secret, const struct input *input)
{
	for (size_t i = 0; i < input->count; i++)
		if (secret_object_has(input->objects[i], "ca.key"))
			return secret_object_has(secret, "ca.key");
	return secret_object_has(secret, "ca.crt") && !secret_object_has(secret, "cacert");
}

/* Exactly one signer's, and one other. */
static bool tell_apart(struct input *input, struct standing *standing, struct error *error)
{
	if (input->count != 2)
		return error_set(error, ERROR_CONFIG,
		    "%zu object%s came, two were expected: the signer's Secret (ca.crt, ca.key) "
		    "and "
		    "the gateway's (cacert)",
		    input->count, input->count == 1 ? "" : "s");
	for (size_t i = 0; i < input->count; i++)
		if (!secret_object_check(input->objects[i], error))
			return false;
	for (size_t i = 0; i < input->count; i++) {
		cJSON **place =
		    is_signer(input->objects[i], input) ? &standing->signer : &standing->gateway;

		if (*place)
			return error_set(error, ERROR_CONFIG,
			    "%s of the two Secrets has a ca.key: one has to be the signer's "
			    "(ca.crt, ca.key) and one the gateway's (cacert)",
			    secret_object_has(input->objects[i], "ca.key") ? "each" : "neither");
		*place = input->objects[i];
	}
	return true;
}

static bool read_certificate(struct standing *standing, const char *name, struct error *error)
{
	scoped(wiped) char *certificate = NULL;
	size_t length = 0;

	return secret_object_get(standing->signer, "ca.crt", &certificate, &length, error)
	       && ca_pair_parse_certificate(certificate, length, name, &standing->pair, error);
}

static bool read_key(struct standing *standing, const char *name, struct error *error)
{
	scoped(wiped) char *key = NULL;
	size_t length = 0;

	return secret_object_get(standing->signer, "ca.key", &key, &length, error)
	       && ca_pair_parse_key(key, length, name, &standing->pair, error);
}

/* Without its key it can be shown, and given a new one. */
static bool read_pair(struct standing *standing, struct error *error)
{
	char name[SECRET_NAME_SIZE];

	secret_object_name(standing->signer, name);
	if (!read_certificate(standing, name, error))
		return false;
	if (read_key(standing, name, &standing->key_fault)
	    || standing->key_fault.kind == ERROR_CONFIG)
		return true;
	*error = standing->key_fault;
	return false;
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
static bool trusts_a_newer_key(const struct standing *standing, bool of_the_same_subject)
{
	for (int i = 0; i < sk_X509_num(standing->trusted); i++) {
		const X509 *each = sk_X509_value(standing->trusted, i);

		if (!standing_has_same_key(each, standing->pair.certificate)
		    && (!of_the_same_subject || has_subject_of(each, standing->pair.certificate))
		    && begin_of(each) > begin_of(standing->pair.certificate))
			return true;
	}
	return false;
}

static bool trusts_only_foreign_others(const struct standing *standing)
{
	for (int i = 0; i < sk_X509_num(standing->trusted); i++) {
		X509 *each = sk_X509_value(standing->trusted, i);

		if (X509_cmp(each, standing->pair.certificate) != 0
		    && !standing_is_foreign(standing, each))
			return false;
	}
	return true;
}

/* A newer key under the signer's own name comes before everything else: the signer may have been put
   back to the compromised one, and nothing may be built on that. */
static enum stage find_stage(const struct standing *standing)
{
	if (trusts_a_newer_key(standing, true))
		return STAGE_SIGNER_BEHIND;
	if (standing->successor)
		return STAGE_GATEWAY_AHEAD;
	if (!standing_is_trusted(standing, standing->pair.certificate))
		return trusts_a_newer_key(standing, false) ? STAGE_SIGNER_BEHIND
							   : STAGE_SIGNER_AHEAD;
	return trusts_only_foreign_others(standing) ? STAGE_STEADY : STAGE_OVERLAP;
}

bool standing_read(struct input *input, struct standing *ret_standing, struct error *error)
{
	scoped(standing) struct standing standing = { .signer = NULL };

	if (!tell_apart(input, &standing, error) || !read_pair(&standing, error)
	    || !gateway_bundle_read(standing.gateway, &standing.trusted, error))
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
