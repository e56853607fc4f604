#include "pkcs11/key_pair.h"
#include "pkcs11/signer.h"
#include "tests/unit/shim_run.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <string.h>

static const struct key_id old_id = { { 1 }, 1 };
static const struct key_id new_id = { { 2 }, 1 };

static bool generate_old(struct soft_token *soft, struct shim_report *report)
{
	return shim_open(soft, &report->error)
	       && key_pair_generate(soft->token, &old_id, "old", 2048, &report->error);
}

static bool signs(EVP_PKEY *key)
{
	scoped(EVP_MD_CTX) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[1024];
	size_t length = sizeof(signature);

	return EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1
	       && EVP_DigestSign(context, signature, &length, (const unsigned char *)"x", 1) == 1;
}

/* As a renewal does: the old key for the connection, a new one, three signatures. */
static bool renew(struct soft_token *soft, struct shim_report *report)
{
	scoped(signer) struct signer *signer = NULL;
	scoped(EVP_PKEY) EVP_PKEY *old = NULL;
	scoped(EVP_PKEY) EVP_PKEY *new = NULL;
	struct error *error = &report->error;

	return shim_open(soft, error) && key_pair_generate(soft->token, &new_id, "new", 2048, error)
	       && key_pair_find(soft->token, &new_id, &report->pair, error)
	       && key_pair_check(&report->pair, 2048, error)
	       && signer_open(SIGNER_ENGINE, soft->token, &signer, error)
	       && signer_load_key(signer, &old_id, &old, error) && signs(old)
	       && signer_load_key(signer, &new_id, &new, error) && signs(new) && signs(new);
}

static void a_renewal_stays_within_the_budget_of_calls(void **state)
{
	static const struct {
		const char *function;
		size_t calls;
	} budget[] = {
		{ "C_Initialize", 2 },
		{ "C_OpenSession", 2 },
		{ "C_Login", 1 },
		{ "C_GenerateKeyPair", 1 },
		{ "C_Sign", 3 },
		{ "C_Logout", 0 },
		{ "C_CloseAllSessions", 0 },
		{ "C_Finalize", 1 },
	};
	struct shim_report report;

	shim_run(*state, "", renew, &report);
	assert_ok(report.succeeded, &report.error);
	for (size_t i = 0; i < ARRAY_LENGTH(budget); i++)
		if (shim_calls(*state, budget[i].function) != budget[i].calls)
			fail_msg("%zu calls of %s", shim_calls(*state, budget[i].function),
			    budget[i].function);
}

/* What the engine cannot load, and then what the owner of the module still can do. */
static bool load_in_vain(struct soft_token *soft, struct shim_report *report)
{
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	struct signer *signer = NULL;
	struct error ignored = ERROR_INIT;

	if (!shim_open(soft, &ignored)
	    || !signer_open(SIGNER_ENGINE, soft->token, &signer, &ignored))
		return false;
	if (signer_load_key(signer, &old_id, &key, &report->error))
		report->count = 1;
	signer_close(signer);
	return key_pair_find(soft->token, &old_id, &report->pair, &ignored);
}

/* The engine then tries once more with a login of its own, for which nobody gives it a PIN. */
static void a_key_that_the_engine_does_not_find_costs_no_login_and_not_the_session(void **state)
{
	static const char *const plans[] = {
		"C_FindObjectsInit 2 fail CKR_DEVICE_ERROR\n",
		"C_FindObjects 3 fail CKR_DEVICE_ERROR\n",
		"C_GetSlotList 3+ fail CKR_DEVICE_ERROR\n",
		"C_Initialize 2 fail CKR_DEVICE_ERROR\n",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(plans); i++) {
		struct shim_report report;

		shim_run(*state, plans[i], load_in_vain, &report);
		assert_int_equal(report.count, 0);
		assert_int_equal(report.error.kind, ERROR_TOKEN);
		assert_non_null(strstr(report.error.message, "package libengine-pkcs11-openssl"));
		assert_true(report.succeeded);
		assert_int_equal(report.pair.state, KEY_PAIR_WHOLE);
		assert_int_equal(shim_calls(*state, "C_Login"), 1);
		assert_int_equal(shim_calls(*state, "C_Finalize"), 1);
	}
}

static bool sign_old(struct soft_token *soft, struct shim_report *report)
{
	scoped(signer) struct signer *signer = NULL;
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	struct error *error = &report->error;

	if (!shim_open(soft, error) || !signer_open(SIGNER_ENGINE, soft->token, &signer, error)
	    || !signer_load_key(signer, &old_id, &key, error))
		return false;
	report->count = signs(key);
	return true;
}

static void a_token_that_fails_to_sign_makes_no_signature(void **state)
{
	struct shim_report report;

	shim_run(*state, "", sign_old, &report);
	assert_ok(report.succeeded, &report.error);
	assert_int_equal(report.count, 1);
	shim_run(*state, "C_Sign * fail CKR_DEVICE_ERROR\n", sign_old, &report);
	assert_ok(report.succeeded, &report.error);
	assert_int_equal(report.count, 0);
}

static int set_up(void **state)
{
	struct shim_report report;

	if (soft_token_make(state) != 0)
		return -1;
	shim_run(*state, "", generate_old, &report);
	return report.succeeded ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_renewal_stays_within_the_budget_of_calls),
		cmocka_unit_test(
		    a_key_that_the_engine_does_not_find_costs_no_login_and_not_the_session),
		cmocka_unit_test(a_token_that_fails_to_sign_makes_no_signature),
	};

	return cmocka_run_group_tests(tests, set_up, soft_token_remove);
}
