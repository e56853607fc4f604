#include "agent/x509/certificate.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"

#include <openssl/ec.h>
#include <openssl/sha.h>
#include <string.h>

#define SUBJECT "C=DE,O=Org,OU=OrgUnit,CN=4f1c-cn"

static X509 *self_signed(const struct authority_recipe *recipe)
{
	return authority_issue(recipe, NULL, recipe->key);
}

static X509 *plain(unsigned key)
{
	struct authority_recipe recipe = authority_leaf(SUBJECT, authority_key(key));

	return self_signed(&recipe);
}

static void the_sha256_is_that_of_the_der(void **state)
{
	scoped(X509) X509 *certificate = plain(0);
	scoped(openssl_bytes) unsigned char *der = NULL;
	int length = i2d_X509(certificate, &der);
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char expected[CERTIFICATE_SHA256_TEXT_SIZE];
	char text[CERTIFICATE_SHA256_TEXT_SIZE];

	(void)state;
	SHA256(der, (size_t)length, digest);
	text_to_hex(digest, sizeof(digest), expected);
	certificate_sha256(certificate, text);
	assert_string_equal(text, expected);
}

static void the_keys_sha256_is_that_of_its_public_key_info(void **state)
{
	scoped(X509) X509 *certificate = plain(0);
	scoped(X509) X509 *same_key = NULL;
	scoped(openssl_bytes) unsigned char *der = NULL;
	int length = i2d_PUBKEY(authority_key(0), &der);
	struct authority_recipe recipe = authority_ca("CN=Kyma", authority_key(0));
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char expected[CERTIFICATE_SHA256_TEXT_SIZE];
	char text[CERTIFICATE_SHA256_TEXT_SIZE];

	(void)state;
	SHA256(der, (size_t)length, digest);
	text_to_hex(digest, sizeof(digest), expected);
	certificate_key_sha256(certificate, text);
	assert_string_equal(text, expected);
	same_key = self_signed(&recipe);
	certificate_key_sha256(same_key, text);
	assert_string_equal(text, expected);
}

/* The certificate with this as the text of its notAfter. */
static void set_end(X509 *certificate, int type, const char *text)
{
	ASN1_TIME *end = ASN1_STRING_type_new(type);

	assert_true(end && ASN1_STRING_set(end, text, -1));
	assert_true(X509_set1_notAfter(certificate, end));
	ASN1_TIME_free(end);
}

static void dates_are_read_to_the_second_until_the_year_9999(void **state)
{
	static const struct {
		int type;
		const char *text;
		int64_t seconds;
	} dates[] = {
		{ V_ASN1_UTCTIME, "700101000000Z", 0 },
		{ V_ASN1_UTCTIME, "500101000000Z", -631152000 },
		{ V_ASN1_UTCTIME, "491231235959Z", 2524607999 },
		{ V_ASN1_UTCTIME, "240229120001Z", 1709208001 },
		{ V_ASN1_GENERALIZEDTIME, "20500101000000Z", 2524608000 },
		{ V_ASN1_GENERALIZEDTIME, "99991231235959Z", 253402300799 },
	};
	scoped(X509) X509 *certificate = plain(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(dates); i++) {
		struct error error = ERROR_INIT;
		int64_t begin;
		int64_t end;

		set_end(certificate, dates[i].type, dates[i].text);
		assert_ok(certificate_dates(certificate, &begin, &end, &error), &error);
		assert_true(begin == AUTHORITY_NOW);
		assert_true(end == dates[i].seconds);
	}
}

static void dates_of_another_form_are_refused(void **state)
{
	static const struct {
		int type;
		const char *text;
	} dates[] = {
		{ V_ASN1_UTCTIME, "2701150800Z" },       /* no seconds */
		{ V_ASN1_UTCTIME, "270115080000+0100" }, /* an offset */
		{ V_ASN1_UTCTIME, "2701150800000" },     /* no Z */
		{ V_ASN1_UTCTIME, "270230080000Z" },     /* 30 February */
		{ V_ASN1_UTCTIME, "20270115080000Z" },   /* the other type's form */
		{ V_ASN1_UTCTIME, "" },
		{ V_ASN1_GENERALIZEDTIME, "270115080000Z" }, /* the other type's form */
		{ V_ASN1_GENERALIZEDTIME, "20270115080000.5Z" },
		{ V_ASN1_GENERALIZEDTIME, "2027011508000Z0" },
		{ V_ASN1_GENERALIZEDTIME, "2027x115080000Z" },
	};
	scoped(X509) X509 *certificate = plain(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(dates); i++) {
		struct error error = ERROR_INIT;
		int64_t begin;
		int64_t end;

		set_end(certificate, dates[i].type, dates[i].text);
		assert_refused(certificate_dates(certificate, &begin, &end, &error), &error,
		    ERROR_VERIFICATION);
		assert_non_null(strstr(error.message, "\"CN=4f1c-cn, OU=OrgUnit, O=Org, C=DE\""));
	}
}

static void only_rsa_keys_have_a_size(void **state)
{
	scoped(EVP_PKEY) EVP_PKEY *curve = EVP_EC_gen("P-256");
	struct authority_recipe recipe = authority_leaf(SUBJECT, curve);
	scoped(X509) X509 *rsa = plain(0);
	scoped(X509) X509 *other = self_signed(&recipe);
	scoped(X509) X509 *none = X509_new();

	(void)state;
	assert_int_equal(certificate_key_bits(rsa), 2048);
	assert_int_equal(certificate_key_bits(other), 0);
	assert_int_equal(certificate_key_bits(none), 0);
}

static void an_issuer_is_known_by_name_and_signature(void **state)
{
	struct authority_recipe ca = authority_ca("CN=Kyma", authority_key(1));
	struct authority_recipe other_name = authority_ca("CN=Other", authority_key(1));
	struct authority_recipe other_key = authority_ca("CN=Kyma", authority_key(2));
	struct authority_recipe leaf = authority_leaf(SUBJECT, authority_key(0));
	scoped(X509) X509 *issuer = self_signed(&ca);
	scoped(X509) X509 *renamed = self_signed(&other_name);
	scoped(X509) X509 *rekeyed = self_signed(&other_key);
	scoped(X509) X509 *certificate = authority_issue(&leaf, issuer, authority_key(1));

	(void)state;
	assert_true(certificate_is_issued_by(certificate, issuer));
	assert_false(certificate_is_issued_by(certificate, renamed));
	assert_false(certificate_is_issued_by(certificate, rekeyed));
	assert_true(certificate_is_self_signed(issuer));
	assert_false(certificate_is_self_signed(certificate));
}

static void weak_and_unknown_signatures_are_told(void **state)
{
	static const struct {
		const char *digest;
		bool pss;
		bool strong;
	} signatures[] = {
		{ "SHA256", false, true },
		{ "SHA512", false, true },
		{ "SHA224", false, true },
		{ "SHA256", true, true },
		{ "SHA1", false, false },
		{ "SHA1", true, false },
		{ "MD5", false, false },
	};
	scoped(X509) X509 *unsigned_one = X509_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(signatures); i++) {
		struct authority_recipe recipe = authority_leaf(SUBJECT, authority_key(0));
		scoped(X509) X509 *certificate = NULL;

		recipe.digest = signatures[i].digest;
		recipe.pss = signatures[i].pss;
		certificate = self_signed(&recipe);
		assert_true(certificate_is_self_signed(certificate));
		assert_int_equal(
		    certificate_is_signature_strong(certificate), signatures[i].strong);
	}
	assert_false(certificate_is_signature_strong(unsigned_one));
}

static void a_description_has_the_subject_and_the_start_of_the_sha256(void **state)
{
	scoped(X509) X509 *certificate = plain(0);
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	char expected[CERTIFICATE_DESCRIPTION_SIZE];
	char text[CERTIFICATE_DESCRIPTION_SIZE];

	(void)state;
	certificate_sha256(certificate, sha256);
	certificate_describe(certificate, text);
	assert_true(text_format(expected, sizeof(expected),
	    "\"CN=4f1c-cn, OU=OrgUnit, O=Org, C=DE\" (SHA-256 %.16s...)", sha256));
	assert_string_equal(text, expected);
}

static void a_description_is_cut_within_a_long_subject(void **state)
{
	struct authority_recipe recipe = authority_leaf(
	    "OU=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,"
	    "OU=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,"
	    "OU=cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc,CN=4f1c-cn",
	    authority_key(0));
	scoped(X509) X509 *certificate = self_signed(&recipe);
	char text[CERTIFICATE_DESCRIPTION_SIZE];

	(void)state;
	certificate_describe(certificate, text);
	assert_true(text_starts_with(text, "\"CN=4f1c-cn, OU=cccc"));
	assert_non_null(strstr(text, "bbb\" (SHA-256 "));
	assert_string_equal(text + strlen(text) - 4, "...)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sha256_is_that_of_the_der),
		cmocka_unit_test(the_keys_sha256_is_that_of_its_public_key_info),
		cmocka_unit_test(dates_are_read_to_the_second_until_the_year_9999),
		cmocka_unit_test(dates_of_another_form_are_refused),
		cmocka_unit_test(only_rsa_keys_have_a_size),
		cmocka_unit_test(an_issuer_is_known_by_name_and_signature),
		cmocka_unit_test(weak_and_unknown_signatures_are_told),
		cmocka_unit_test(a_description_has_the_subject_and_the_start_of_the_sha256),
		cmocka_unit_test(a_description_is_cut_within_a_long_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
