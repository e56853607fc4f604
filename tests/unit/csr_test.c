#include "agent/x509/csr.h"

#include "agent/x509/subject.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#define SUBJECT "O=A, Inc,OU=a=b,L=l,ST=s,C=DE,CN=4f1c-cn"

struct result {
	char *pem;
	bool built;
	enum csr_signature signature;
	struct error error;
};

static void scoped_destroy_result(struct result *result)
{
	free(result->pem);
}

/* Only the public half, as software would read it from the token. */
static EVP_PKEY *public_half(EVP_PKEY *key)
{
	scoped(openssl_bytes) unsigned char *der = NULL;
	int length = i2d_PUBKEY(key, &der);
	const unsigned char *at = der;
	EVP_PKEY *half = d2i_PUBKEY(NULL, &at, length);

	assert_non_null(half);
	return half;
}

static struct result build(EVP_PKEY *key, EVP_PKEY *pair)
{
	scoped(EVP_PKEY) EVP_PKEY *public_key = public_half(pair);
	scoped(X509_NAME) X509_NAME *subject = NULL;
	struct result result = { .error = ERROR_INIT };

	assert_ok(subject_parse(SUBJECT, &subject, &result.error), &result.error);
	result.signature = CSR_SIGNATURE_RIGHT;
	result.built =
	    csr_build(key, public_key, subject, &result.pem, &result.signature, &result.error);
	return result;
}

static X509_REQ *read_request(const char *pem)
{
	scoped(BIO) BIO *input = BIO_new_mem_buf(pem, -1);
	X509_REQ *request = PEM_read_bio_X509_REQ(input, NULL, NULL, NULL);

	assert_non_null(request);
	return request;
}

static void a_request_carries_subject_and_key_and_verifies(void **state)
{
	scoped(result) struct result result = build(authority_key(0), authority_key(0));
	scoped(X509_NAME) X509_NAME *subject = NULL;
	scoped(X509_REQ) X509_REQ *request = NULL;

	(void)state;
	assert_ok(result.built, &result.error);
	assert_int_equal(result.signature, CSR_SIGNATURE_RIGHT);
	request = read_request(result.pem);
	assert_int_equal(X509_REQ_get_version(request), X509_REQ_VERSION_1);
	assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(request), authority_key(0)), 1);
	assert_int_equal(X509_REQ_verify(request, authority_key(0)), 1);
	assert_ok(subject_parse(SUBJECT, &subject, &result.error), &result.error);
	assert_int_equal(X509_NAME_cmp(X509_REQ_get_subject_name(request), subject), 0);
}

static void a_request_is_signed_with_sha256_and_pkcs1(void **state)
{
	scoped(result) struct result result = build(authority_key(0), authority_key(0));
	scoped(X509_REQ) X509_REQ *request = NULL;

	(void)state;
	assert_ok(result.built, &result.error);
	request = read_request(result.pem);
	assert_int_equal(X509_REQ_get_signature_nid(request), NID_sha256WithRSAEncryption);
}

static void the_pem_is_one_block_of_the_usual_name(void **state)
{
	static const char end[] = "\n-----END CERTIFICATE REQUEST-----\n";
	scoped(result) struct result result = build(authority_key(0), authority_key(0));

	(void)state;
	assert_ok(result.built, &result.error);
	assert_true(text_starts_with(result.pem, "-----BEGIN CERTIFICATE REQUEST-----\n"));
	assert_string_equal(result.pem + strlen(result.pem) - strlen(end), end);
}

static void assert_signature_wrong(EVP_PKEY *key, EVP_PKEY *pair, const char *reason)
{
	scoped(result) struct result result = build(key, pair);

	assert_refused(result.built, &result.error, ERROR_TOKEN);
	assert_int_equal(result.signature, CSR_SIGNATURE_WRONG);
	assert_null(result.pem);
	if (!strstr(result.error.message, reason))
		fail_msg("\"%s\" does not say \"%s\"", result.error.message, reason);
}

static void a_signature_of_another_key_is_told_to_be_wrong(void **state)
{
	(void)state;
	assert_signature_wrong(authority_key(1), authority_key(0), "does not verify");
}

static EVP_PKEY *make_pss_key(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	assert_true(context && EVP_PKEY_keygen_init(context) > 0);
	assert_true(EVP_PKEY_generate(context, &key) > 0);
	EVP_PKEY_CTX_free(context);
	return key;
}

static void a_signature_of_another_algorithm_is_told_to_be_wrong(void **state)
{
	scoped(EVP_PKEY) EVP_PKEY *pss = make_pss_key();
	scoped(EVP_PKEY) EVP_PKEY *curve = EVP_EC_gen("P-256");

	(void)state;
	assert_signature_wrong(
	    pss, pss, "signed with rsassaPss instead of sha256WithRSAEncryption");
	assert_signature_wrong(curve, curve, "signed with ecdsa-with-SHA256 instead of");
}

static void a_key_that_cannot_sign_is_an_error_of_the_token(void **state)
{
	scoped(EVP_PKEY) EVP_PKEY *half = public_half(authority_key(0));
	scoped(result) struct result result = build(half, authority_key(0));

	(void)state;
	assert_refused(result.built, &result.error, ERROR_TOKEN);
	assert_int_equal(result.signature, CSR_SIGNATURE_MISSING);
	assert_non_null(strstr(result.error.message, "would not sign"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_carries_subject_and_key_and_verifies),
		cmocka_unit_test(a_request_is_signed_with_sha256_and_pkcs1),
		cmocka_unit_test(the_pem_is_one_block_of_the_usual_name),
		cmocka_unit_test(a_signature_of_another_key_is_told_to_be_wrong),
		cmocka_unit_test(a_signature_of_another_algorithm_is_told_to_be_wrong),
		cmocka_unit_test(a_key_that_cannot_sign_is_an_error_of_the_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
