#include "agent/x509/bundle.h"

#include "agent/x509/certificate.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"

#include <openssl/pem.h>
#include <string.h>

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"
#define TEXT_MOST (256 * 1024)

static struct {
	X509 *certificates[2];
	char *pems[2];
} fixture;

static int make_certificates(void **state)
{
	struct authority_recipe ca = authority_ca("CN=Kyma", authority_key(1));
	struct authority_recipe leaf = authority_leaf("CN=4f1c-cn", authority_key(0));
	struct error error = ERROR_INIT;

	(void)state;
	fixture.certificates[1] = authority_issue(&ca, NULL, authority_key(1));
	fixture.certificates[0] = authority_issue(&leaf, fixture.certificates[1], authority_key(1));
	for (int i = 0; i < 2; i++)
		if (!bundle_format(fixture.certificates[i], NULL, &fixture.pems[i], &error))
			return -1;
	return 0;
}

static int discard_certificates(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		X509_free(fixture.certificates[i]);
		free(fixture.pems[i]);
	}
	return 0;
}

static char *join(const char *first, const char *second, const char *third)
{
	struct text_buffer text = TEXT_BUFFER_INIT(TEXT_MOST);
	struct error error = ERROR_INIT;
	char *joined = NULL;

	text_printf(&text, "%s%s%s", first, second, third);
	assert_ok(text_take(&text, &joined, &error), &error);
	return joined;
}

static char *replace_newlines(const char *pem, const char *newline)
{
	struct text_buffer text = TEXT_BUFFER_INIT(TEXT_MOST);
	struct error error = ERROR_INIT;
	char *replaced = NULL;

	for (const char *at = pem; *at != '\0'; at++)
		text_add(&text, *at == '\n' ? newline : at, *at == '\n' ? strlen(newline) : 1);
	assert_ok(text_take(&text, &replaced, &error), &error);
	return replaced;
}

/* Leaf and CA, in this order. */
static void assert_both(const char *pem)
{
	scoped(X509_STACK) STACK_OF(X509) *parsed = NULL;
	struct error error = ERROR_INIT;

	assert_ok(bundle_parse(pem, strlen(pem), 2, "the answer", ERROR_CONNECTOR, &parsed, &error),
	    &error);
	assert_int_equal(sk_X509_num(parsed), 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(X509_cmp(sk_X509_value(parsed, i), fixture.certificates[i]), 0);
}

/* Twice: the second time it is remembered. */
static void what_is_skimmed_is_the_same_but_for_its_key(void **state)
{
	scoped(char) char *pem = join(fixture.pems[0], fixture.pems[1], "");

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		scoped(X509_STACK) STACK_OF(X509) *skimmed = NULL;
		struct error error = ERROR_INIT;

		assert_ok(
		    bundle_skim(pem, strlen(pem), 2, "the chain", ERROR_DAMAGED, &skimmed, &error),
		    &error);
		assert_int_equal(sk_X509_num(skimmed), 2);
		for (int i = 0; i < 2; i++) {
			X509 *one = sk_X509_value(skimmed, i);
			X509 *other = fixture.certificates[i];
			char text[CERTIFICATE_SHA256_TEXT_SIZE];
			char expected[CERTIFICATE_SHA256_TEXT_SIZE];

			certificate_sha256(one, text);
			certificate_sha256(other, expected);
			assert_string_equal(text, expected);
			assert_int_equal(certificate_key_bits(one), certificate_key_bits(other));
			assert_int_equal(
			    X509_NAME_cmp(X509_get_subject_name(one), X509_get_subject_name(other)),
			    0);
			assert_null(X509_get0_pubkey(one));
			assert_non_null(X509_get0_pubkey(other));
		}
	}
}

/* Nor does one that may be alone take the place of what is remembered. */
static void what_is_remembered_is_told_apart_by_every_byte(void **state)
{
	scoped(char) char *pem = join(fixture.pems[0], fixture.pems[1], "");
	scoped(X509_STACK) STACK_OF(X509) *skimmed = NULL;
	scoped(X509_STACK) STACK_OF(X509) *none = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(
	    bundle_skim(pem, strlen(pem), 2, "the chain", ERROR_DAMAGED, &skimmed, &error), &error);
	assert_refused(bundle_skim(pem, strlen(pem), 1, "the leaf", ERROR_DAMAGED, &none, &error),
	    &error, ERROR_DAMAGED);
	pem[strlen(pem) / 2] = '!';
	assert_refused(bundle_skim(pem, strlen(pem), 2, "the chain", ERROR_DAMAGED, &none, &error),
	    &error, ERROR_DAMAGED);
	assert_null(none);
}

static void assert_refused_bytes(const char *pem, size_t length, const char *reason)
{
	STACK_OF(X509) *parsed = NULL;
	struct error error = ERROR_INIT;

	assert_refused(bundle_parse(pem, length, 2, "the answer", ERROR_CONNECTOR, &parsed, &error),
	    &error, ERROR_CONNECTOR);
	assert_null(parsed);
	assert_true(text_starts_with(error.message, "the answer: "));
	if (!strstr(error.message, reason))
		fail_msg("\"%s\" does not say \"%s\"", error.message, reason);
}

static void assert_refused_pem(const char *pem, const char *reason)
{
	assert_refused_bytes(pem, strlen(pem), reason);
}

static void one_certificate_is_read(void **state)
{
	scoped(X509_STACK) STACK_OF(X509) *parsed = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(bundle_parse(fixture.pems[0], strlen(fixture.pems[0]), 1, "the answer",
		      ERROR_CONNECTOR, &parsed, &error),
	    &error);
	assert_int_equal(sk_X509_num(parsed), 1);
}

static void certificates_keep_their_order(void **state)
{
	scoped(char) char *pem = join(fixture.pems[0], fixture.pems[1], "");

	(void)state;
	assert_both(pem);
}

static void blank_lines_and_carriage_returns_are_tolerated(void **state)
{
	scoped(char) char *spaced = join(fixture.pems[0], "\n\r\n", fixture.pems[1]);
	scoped(char) char *leading = join("\n", spaced, "\n\n");
	scoped(char) char *windows = replace_newlines(leading, "\r\n");

	(void)state;
	assert_both(spaced);
	assert_both(leading);
	assert_both(windows);
}

static void the_last_newline_may_be_missing(void **state)
{
	scoped(char) char *pem = join(fixture.pems[0], fixture.pems[1], "");

	(void)state;
	pem[strlen(pem) - 1] = '\0';
	assert_both(pem);
}

static void nothing_is_no_bundle(void **state)
{
	(void)state;
	assert_refused_pem("", "no certificate");
	assert_refused_pem("\n\n", "no certificate");
}

static void text_around_the_blocks_is_refused(void **state)
{
	scoped(char) char *before = join("subject=CN = a\n", fixture.pems[0], "");
	scoped(char) char *between = join(fixture.pems[0], "x\n", fixture.pems[1]);
	scoped(char) char *after = join(fixture.pems[0], "x", "");
	scoped(char) char *indented = join(" ", fixture.pems[0], "");

	(void)state;
	assert_refused_pem(before, "before certificate 1");
	assert_refused_pem(between, "before certificate 2");
	assert_refused_pem(after, "before certificate 2");
	assert_refused_pem(indented, "before certificate 1");
}

static void blocks_of_another_kind_are_refused(void **state)
{
	scoped(char) char *key = join(fixture.pems[0],
	    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", fixture.pems[1]);

	(void)state;
	assert_refused_pem(key, "before certificate 2");
	assert_refused_pem("-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n"
			   "-----END TRUSTED CERTIFICATE-----\n",
	    "before certificate 1");
	assert_refused_pem("-----BEGIN X509 CERTIFICATE-----\nAAAA\n"
			   "-----END X509 CERTIFICATE-----\n",
	    "before certificate 1");
}

static void a_block_that_is_not_base64_to_its_end_is_refused(void **state)
{
	scoped(char) char *cut = join(fixture.pems[0], BEGIN "AAAA\n", "");
	scoped(char) char *dash = join("", fixture.pems[0], "");
	scoped(char) char *nested = join(BEGIN, fixture.pems[0], "");

	(void)state;
	assert_refused_pem(cut, "certificate 2 is not base64");
	dash[200] = '-'; /* OpenSSL would stop reading there */
	assert_refused_pem(dash, "certificate 1 is not base64");
	assert_refused_pem(nested, "certificate 1 is not base64");
	assert_refused_pem(BEGIN "Proc-Type: 4,ENCRYPTED\n\nAAAA\n" END, "is not base64");
	assert_refused_pem(BEGIN "AAAA\n-----END CERTIFICATE-----x", "is not base64");
	assert_refused_pem(BEGIN "AAAA\n-----END CERT", "is not base64");
	assert_refused_pem("-----BEGIN CERTIFICATE-----", "is not base64");
	assert_refused_pem("-----BEGIN CERT", "before certificate 1");
	assert_refused_pem(BEGIN END, "is not PEM");
	assert_refused_pem(BEGIN "AAA\n" END, "is not PEM");
	assert_refused_pem(BEGIN "A=AA\n" END, "is not PEM");
	assert_refused_pem(BEGIN "AAAA\n\nAAAA\n" END, "is not PEM"); /* a header, to OpenSSL */
}

static void a_nul_is_no_blank_line(void **state)
{
	scoped(char) char *pem = join(fixture.pems[0], " ", fixture.pems[1]);
	size_t length = strlen(pem);

	(void)state;
	pem[strlen(fixture.pems[0])] = '\0';
	assert_refused_bytes(pem, length, "before certificate 2");
	pem[100] = '\0';
	assert_refused_bytes(pem, length, "certificate 1 is not base64");
}

static void what_is_not_x509_is_refused(void **state)
{
	(void)state;
	assert_refused_pem(BEGIN "MAA=\n" END, "certificate 1 is not X.509");
}

static void bytes_behind_the_certificate_in_its_block_are_refused(void **state)
{
	scoped(openssl_bytes) unsigned char *der = NULL;
	int length = i2d_X509(fixture.certificates[0], &der);
	scoped(BIO) BIO *output = BIO_new(BIO_s_mem());
	unsigned char longer[4096] = { 0 };
	size_t pem_length;
	char *pem;

	(void)state;
	assert_in_range(length, 1, (int)sizeof(longer) - 3);
	memcpy(longer, der, (size_t)length);
	assert_true(PEM_write_bio(output, PEM_STRING_X509, "", longer, length + 3) > 0);
	pem_length = (size_t)BIO_get_mem_data(output, &pem);
	assert_refused_bytes(pem, pem_length, "certificate 1 is followed by 3 bytes");
}

static void more_certificates_than_allowed_are_refused_by_number(void **state)
{
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(TEXT_MOST);
	scoped(X509_STACK) STACK_OF(X509) *parsed = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	for (int i = 0; i < BUNDLE_COUNT_MAX; i++)
		text_add_string(&text, fixture.pems[0]);
	assert_false(text.failed);
	assert_ok(bundle_parse(text.data, text.length, BUNDLE_COUNT_MAX, "the answer", ERROR_CONFIG,
		      &parsed, &error),
	    &error);
	for (int i = BUNDLE_COUNT_MAX; i < 100; i++)
		text_add_string(&text, fixture.pems[0]);
	assert_refused_bytes(text.data, text.length, "more than 2 certificates");
}

static void a_bundle_that_is_too_long_is_refused(void **state)
{
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(TEXT_MOST);
	scoped(X509_STACK) STACK_OF(X509) *parsed = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	text_add_string(&text, fixture.pems[0]);
	while (text.length < BUNDLE_SIZE_MAX)
		text_add(&text, "\n", 1);
	assert_false(text.failed);
	assert_ok(
	    bundle_parse(text.data, text.length, 2, "the answer", ERROR_CONNECTOR, &parsed, &error),
	    &error);
	text_add(&text, "\n", 1);
	assert_refused_bytes(text.data, text.length, "131073 bytes, more than the 131072");
}

static void what_is_written_is_read_back(void **state)
{
	scoped(X509_STACK) STACK_OF(X509) *rest = sk_X509_new_null();
	scoped(char) char *pem = NULL;
	scoped(char) char *only_rest = NULL;
	scoped(char) char *expected = join(fixture.pems[0], fixture.pems[1], "");
	struct error error = ERROR_INIT;

	(void)state;
	assert_true(X509_add_cert(rest, fixture.certificates[1], X509_ADD_FLAG_UP_REF));
	assert_ok(bundle_format(fixture.certificates[0], rest, &pem, &error), &error);
	assert_string_equal(pem, expected);
	assert_both(pem);
	assert_ok(bundle_format(NULL, rest, &only_rest, &error), &error);
	assert_string_equal(only_rest, fixture.pems[1]);
}

static void of_nothing_nothing_is_written(void **state)
{
	scoped(char) char *pem = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(bundle_format(NULL, NULL, &pem, &error), &error);
	assert_string_equal(pem, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_certificate_is_read),
		cmocka_unit_test(certificates_keep_their_order),
		cmocka_unit_test(what_is_skimmed_is_the_same_but_for_its_key),
		cmocka_unit_test(what_is_remembered_is_told_apart_by_every_byte),
		cmocka_unit_test(blank_lines_and_carriage_returns_are_tolerated),
		cmocka_unit_test(the_last_newline_may_be_missing),
		cmocka_unit_test(nothing_is_no_bundle),
		cmocka_unit_test(text_around_the_blocks_is_refused),
		cmocka_unit_test(blocks_of_another_kind_are_refused),
		cmocka_unit_test(a_block_that_is_not_base64_to_its_end_is_refused),
		cmocka_unit_test(a_nul_is_no_blank_line),
		cmocka_unit_test(what_is_not_x509_is_refused),
		cmocka_unit_test(bytes_behind_the_certificate_in_its_block_are_refused),
		cmocka_unit_test(more_certificates_than_allowed_are_refused_by_number),
		cmocka_unit_test(a_bundle_that_is_too_long_is_refused),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(of_nothing_nothing_is_written),
	};

	return cmocka_run_group_tests(tests, make_certificates, discard_certificates);
}
