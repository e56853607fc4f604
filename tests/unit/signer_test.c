#include "pkcs11/signer.h"

#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/token.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <openssl/rsa.h>
#include <string.h>
#include <sysexits.h>

static const struct key_id old_id = { { 1, 2, 3 }, 3 };
static const struct key_id new_id = { { 0, 0xff, '%' }, 3 };

/* A signer can be had once in a process. */
struct bench {
	enum signer_kind kind; /* by the command line, else the engine */
	bool absent;           /* from this host */
	struct soft_token *soft;
	struct signer *signer;
};

static struct bench bench;

static int set_up(void **state)
{
	struct error error = ERROR_INIT;
	void *soft;

	if (soft_token_make_and_open(&soft) != 0)
		return -1;
	bench.soft = soft;
	*state = &bench;
	assert_ok(key_pair_generate(bench.soft->token, &old_id, "old", 2048, &error), &error);
	if (signer_open(bench.kind, bench.soft->token, &bench.signer, &bench.absent, &error))
		return 0;
	print_message("%s\n", error.message);
	return -1;
}

static int tear_down(void **state)
{
	void *soft = bench.soft;

	(void)state;
	signer_close(bench.signer);
	return soft_token_remove(&soft);
}

static EVP_PKEY *load(const struct key_id *id)
{
	EVP_PKEY *key = NULL;
	struct error error = ERROR_INIT;

	assert_ok(signer_load_key(bench.signer, id, &key, &error), &error);
	return key;
}

/* Signs with the key of the token and verifies in software, by the public half of its own. */
static void sign_and_verify(const struct key_id *id, EVP_PKEY *key, int padding)
{
	static const unsigned char text[] = "what is signed";
	scoped(EVP_MD_CTX) EVP_MD_CTX *signing = EVP_MD_CTX_new();
	scoped(EVP_MD_CTX) EVP_MD_CTX *verifying = EVP_MD_CTX_new();
	scoped(EVP_PKEY) EVP_PKEY *public_key = NULL;
	struct error error = ERROR_INIT;
	unsigned char signature[1024];
	size_t length = sizeof(signature);
	EVP_PKEY_CTX *context;

	assert_int_equal(EVP_DigestSignInit(signing, &context, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, padding), 1);
	assert_int_equal(EVP_DigestSign(signing, signature, &length, text, sizeof(text)), 1);
	assert_int_equal(length, EVP_PKEY_get_size(key));

	assert_ok(key_pair_public_key(bench.soft->token, id, &public_key, &error), &error);
	assert_int_equal(
	    EVP_DigestVerifyInit(verifying, &context, EVP_sha256(), NULL, public_key), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, padding), 1);
	assert_int_equal(EVP_DigestVerify(verifying, signature, length, text, sizeof(text)), 1);
	signature[length - 1] ^= 1;
	assert_int_not_equal(EVP_DigestVerify(verifying, signature, length, text, sizeof(text)), 1);
}

static void a_signer_has_the_name_of_the_configuration(void **state)
{
	enum signer_kind kind = SIGNER_KIND_COUNT;

	(void)state;
	assert_string_equal(signer_name(bench.signer), signer_kind_name(bench.kind));
	assert_string_equal(signer_kind_name(SIGNER_ENGINE), "engine");
	assert_true(signer_kind_parse("pkcs11prov", &kind));
	assert_int_equal(kind, SIGNER_PKCS11PROV);
	assert_false(signer_kind_parse("Engine", &kind));
	assert_false(signer_kind_parse("", &kind));
}

static void a_loaded_key_signs_with_both_paddings_of_tls(void **state)
{
	scoped(EVP_PKEY) EVP_PKEY *key = load(&old_id);

	(void)state;
	sign_and_verify(&old_id, key, RSA_PKCS1_PADDING);
	sign_and_verify(&old_id, key, RSA_PKCS1_PSS_PADDING);
}

/* The signer has looked at the token's keys before the new one was there. */
static void a_key_generated_after_another_was_loaded_works_beside_it(void **state)
{
	scoped(EVP_PKEY) EVP_PKEY *old = load(&old_id);
	scoped(EVP_PKEY) EVP_PKEY *new = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	sign_and_verify(&old_id, old, RSA_PKCS1_PADDING);
	assert_ok(key_pair_generate(bench.soft->token, &new_id, "new", 3072, &error), &error);
	new = load(&new_id);
	assert_int_equal(EVP_PKEY_get_bits(new), 3072);
	sign_and_verify(&new_id, new, RSA_PKCS1_PADDING);
	sign_and_verify(&old_id, old, RSA_PKCS1_PSS_PADDING);
	sign_and_verify(&new_id, new, RSA_PKCS1_PSS_PADDING);
}

static void a_signing_request_verifies_after_it_was_written_and_read_again(void **state)
{
	scoped(EVP_PKEY) EVP_PKEY *key = load(&old_id);
	scoped(X509_REQ) X509_REQ *request = X509_REQ_new();
	scoped(X509_REQ) X509_REQ *read = NULL;
	scoped(EVP_PKEY) EVP_PKEY *public_key = NULL;
	struct error error = ERROR_INIT;
	unsigned char *der = NULL;
	const unsigned char *at;
	int length;

	(void)state;
	assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
	assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
	length = i2d_X509_REQ(request, &der);
	assert_true(length > 0);
	at = der;
	read = d2i_X509_REQ(NULL, &at, length);
	assert_int_equal(X509_REQ_verify(read, X509_REQ_get0_pubkey(read)), 1);
	assert_ok(key_pair_public_key(bench.soft->token, &old_id, &public_key, &error), &error);
	assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(read), public_key), 1);
	OPENSSL_free(der);
}

static void a_key_that_is_absent_is_refused_without_asking_for_a_pin(void **state)
{
	const struct key_id absent = { { 9 }, 1 };
	EVP_PKEY *key = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_refused(signer_load_key(bench.signer, &absent, &key, &error), &error, ERROR_TOKEN);
	assert_null(key);
	assert_non_null(strstr(error.message, "has no private key with the id 09"));
}

static void two_private_keys_with_one_id_are_refused(void **state)
{
	const struct key_id twice = { { 8 }, 1 };
	const struct token *token = bench.soft->token;
	EVP_PKEY *key = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(key_pair_generate(token, &twice, "a", 2048, &error), &error);
	assert_ok(key_pair_generate(token, &twice, "b", 2048, &error), &error);
	assert_refused(signer_load_key(bench.signer, &twice, &key, &error), &error, ERROR_TOKEN);
	assert_null(key);
	assert_non_null(strstr(error.message, "has 2 private keys with the id 08"));
	assert_non_null(strstr(error.message, "destroy the one that is not labelled"));
}

/* The engine would take it without complaint and fail only when it has to sign. */
static void a_key_with_an_empty_modulus_is_refused(void **state)
{
	const struct key_id empty = { { 7 }, 1 };
	EVP_PKEY *key = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	soft_token_create_private_key(bench.soft, &empty, "a", NULL, 0);
	assert_refused(signer_load_key(bench.signer, &empty, &key, &error), &error, ERROR_TOKEN);
	assert_null(key);
}

static CK_C_GetTokenInfo get_token_info;

static CK_RV show_all_sessions_taken(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV result = get_token_info(slot, info);

	info->ulMaxSessionCount = 2;
	info->ulSessionCount = 2;
	return result;
}

/* The engine would ask for one more, and wait for ever. */
static void a_token_whose_sessions_are_all_taken_gets_no_engine(void **state)
{
	CK_FUNCTION_LIST *functions = token_functions(bench.soft->token);
	struct signer *signer = NULL;
	struct error error = ERROR_INIT;
	bool opened, absent;

	(void)state;
	get_token_info = functions->C_GetTokenInfo;
	functions->C_GetTokenInfo = show_all_sessions_taken;
	opened = signer_open(SIGNER_ENGINE, bench.soft->token, &signer, &absent, &error);
	functions->C_GetTokenInfo = get_token_info;
	assert_refused(opened, &error, ERROR_TOKEN);
	assert_null(signer);
	assert_non_null(strstr(error.message, "all 2 sessions of the token fleet are taken"));
}

static CK_C_GetAttributeValue get_attribute_value;

/* To our own look, which asks with a large buffer; the engine asks for the length first. */
static CK_RV show_another_modulus(
    CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	bool ours =
	    count == 1 && attributes[0].type == CKA_MODULUS && attributes[0].ulValueLen > 1024;
	CK_RV result = get_attribute_value(session, object, attributes, count);

	if (ours && result == CKR_OK)
		((unsigned char *)attributes[0].pValue)[8] ^= 1;
	return result;
}

static void a_key_that_is_not_the_one_that_was_meant_is_refused(void **state)
{
	CK_FUNCTION_LIST *functions = token_functions(bench.soft->token);
	EVP_PKEY *key = NULL;
	struct error error = ERROR_INIT;
	bool loaded;

	(void)state;
	get_attribute_value = functions->C_GetAttributeValue;
	functions->C_GetAttributeValue = show_another_modulus;
	loaded = signer_load_key(bench.signer, &old_id, &key, &error);
	functions->C_GetAttributeValue = get_attribute_value;
	assert_refused(loaded, &error, ERROR_TOKEN);
	assert_null(key);
	assert_non_null(strstr(error.message, "took another key for 010203"));
}

static void a_key_that_was_destroyed_does_not_sign(void **state)
{
	const struct key_id gone = { { 6 }, 1 };
	const struct token *token = bench.soft->token;
	scoped(EVP_MD_CTX) EVP_MD_CTX *signing = EVP_MD_CTX_new();
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	struct error error = ERROR_INIT;
	unsigned char signature[1024];
	size_t length = sizeof(signature);

	(void)state;
	assert_ok(key_pair_generate(token, &gone, "a", 2048, &error), &error);
	key = load(&gone);
	assert_ok(key_pair_destroy(token, &gone, "", NULL, &error), &error);
	assert_int_equal(EVP_DigestSignInit(signing, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_not_equal(
	    EVP_DigestSign(signing, signature, &length, (const unsigned char *)"x", 1), 1);
}

static CK_RV show_always_authenticate(
    CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	CK_RV result = get_attribute_value(session, object, attributes, count);

	for (CK_ULONG i = 0; i < count; i++)
		if (attributes[i].type == CKA_ALWAYS_AUTHENTICATE && attributes[i].pValue)
			*(CK_BBOOL *)attributes[i].pValue = CK_TRUE;
	return result;
}

/* The last one: the PIN stays with the token. */
static void only_a_key_that_wants_the_pin_is_too_much_for_a_signer_that_keeps_none(void **state)
{
	CK_FUNCTION_LIST *functions = token_functions(bench.soft->token);
	struct error error = ERROR_INIT;
	struct secret *pin = NULL;
	scoped(EVP_PKEY) EVP_PKEY *other = NULL;
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	bool loaded;

	(void)state;
	assert_ok(secret_new(&pin, &error), &error);
	token_take_pin(bench.soft->token, pin);
	other = load(&old_id);
	get_attribute_value = functions->C_GetAttributeValue;
	functions->C_GetAttributeValue = show_always_authenticate;
	loaded = signer_load_key(bench.signer, &old_id, &key, &error);
	functions->C_GetAttributeValue = get_attribute_value;
	if (bench.kind == SIGNER_ENGINE) {
		assert_ok(loaded, &error);
		return;
	}
	assert_refused(loaded, &error, ERROR_TOKEN);
	assert_non_null(strstr(error.message, "CKA_ALWAYS_AUTHENTICATE"));
	assert_non_null(strstr(error.message, "signer = engine"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signer_has_the_name_of_the_configuration),
		cmocka_unit_test(a_loaded_key_signs_with_both_paddings_of_tls),
		cmocka_unit_test(a_key_generated_after_another_was_loaded_works_beside_it),
		cmocka_unit_test(a_signing_request_verifies_after_it_was_written_and_read_again),
		cmocka_unit_test(a_key_that_is_absent_is_refused_without_asking_for_a_pin),
		cmocka_unit_test(two_private_keys_with_one_id_are_refused),
		cmocka_unit_test(a_key_with_an_empty_modulus_is_refused),
		cmocka_unit_test(a_token_whose_sessions_are_all_taken_gets_no_engine),
		cmocka_unit_test(a_key_that_is_not_the_one_that_was_meant_is_refused),
		cmocka_unit_test(a_key_that_was_destroyed_does_not_sign),
		cmocka_unit_test(
		    only_a_key_that_wants_the_pin_is_too_much_for_a_signer_that_keeps_none),
	};

	int failed;

	bench.kind = SIGNER_ENGINE;
	if (argc > 1 && !signer_kind_parse(argv[1], &bench.kind))
		return EX_USAGE;
	failed =
	    cmocka_run_group_tests_name(signer_kind_name(bench.kind), tests, set_up, tear_down);
	return bench.absent ? TEST_SKIPPED : failed;
}
