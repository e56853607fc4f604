#include "pkcs11/key_pair.h"
#include "pkcs11/signer.h"
#include "tests/unit/shim_run.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <string.h>
#include <sysexits.h>

static const struct key_id old_id = { { 1 }, 1 };
static const struct key_id new_id = { { 2 }, 1 };

static enum signer_kind kind = SIGNER_ENGINE; /* or by the command line */

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
	bool absent;

	return shim_open(soft, error) && key_pair_generate(soft->token, &new_id, "new", 2048, error)
	       && key_pair_find(soft->token, &new_id, &report->pair, error)
	       && key_pair_check(&report->pair, 2048, error)
	       && signer_open(kind, soft->token, &signer, &absent, error)
	       && signer_load_key(signer, &old_id, &old, error) && signs(old)
	       && signer_load_key(signer, &new_id, &new, error) && signs(new) && signs(new);
}

/* pkcs11-provider 1.0 keeps a session for the login beside the one it signs in; pkcs11prov closes
   the module's sessions and finalizes it, but only at its end. */
static void a_renewal_stays_within_the_budget_of_calls(void **state)
{
	const struct {
		const char *function;
		size_t least, most;
	} budget[] = {
		{ "C_Initialize", 2, 2 },
		{ "C_OpenSession", 2, kind == SIGNER_PROVIDER ? 3 : 2 },
		{ "C_Login", 1, 1 },
		{ "C_GenerateKeyPair", 1, 1 },
		{ "C_Logout", 0, 0 },
		{ "C_CloseAllSessions", 0, kind == SIGNER_PKCS11PROV ? 2 : 0 },
		{ "C_Finalize", 1, kind == SIGNER_PKCS11PROV ? 2 : 1 },
	};
	struct shim_report report;

	shim_run(*state, "", renew, &report);
	assert_ok(report.succeeded, &report.error);
	for (size_t i = 0; i < ARRAY_LENGTH(budget); i++) {
		size_t calls = shim_calls(*state, budget[i].function);

		if (calls < budget[i].least || calls > budget[i].most)
			fail_msg("%zu calls of %s", calls, budget[i].function);
	}
	/* In one call or in parts. */
	assert_int_equal(shim_calls(*state, "C_Sign") + shim_calls(*state, "C_SignFinal"), 3);
}

/* What the signer cannot load, and then what the owner of the module still can do. */
static bool load_in_vain(struct soft_token *soft, struct shim_report *report)
{
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	scoped(signer) struct signer *signer = NULL;
	struct error ignored = ERROR_INIT;
	bool absent;

	if (!shim_open(soft, &ignored)
	    || !signer_open(kind, soft->token, &signer, &absent, &ignored))
		return false;
	if (signer_load_key(signer, &old_id, &key, &report->error))
		report->count = 1;
	return key_pair_find(soft->token, &old_id, &report->pair, &ignored);
}

/* libp11 then tries once more with a login of its own, for which nobody gives it a PIN. When it
   cannot list the slots, its version 0.4.21 finalizes the module: the owner's next call fails. */
static void a_key_that_the_signer_does_not_find_costs_no_login_and_not_the_session(void **state)
{
	static const struct {
		const char *plan;
		bool may_finalize;
	} faults[] = {
		{ "C_FindObjectsInit 2 fail CKR_DEVICE_ERROR\n", false },
		{ "C_FindObjects 3 fail CKR_DEVICE_ERROR\n", false },
		{ "C_GetSlotList 3+ fail CKR_DEVICE_ERROR\n", true },
		{ "C_Initialize 2 fail CKR_DEVICE_ERROR\n", false },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		struct shim_report report;

		shim_run(*state, faults[i].plan, load_in_vain, &report);
		assert_int_equal(report.count, 0);
		assert_int_equal(report.error.kind, ERROR_TOKEN);
		assert_non_null(strstr(report.error.message, signer_kind_package(kind)));
		assert_true(report.succeeded || faults[i].may_finalize);
		if (report.succeeded)
			assert_int_equal(report.pair.state, KEY_PAIR_WHOLE);
		assert_int_equal(shim_calls(*state, "C_Login"), 1);
	}
}

static bool sign_old(struct soft_token *soft, struct shim_report *report)
{
	scoped(signer) struct signer *signer = NULL;
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	struct error *error = &report->error;
	bool absent;

	if (!shim_open(soft, error) || !signer_open(kind, soft->token, &signer, &absent, error)
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
	shim_run(*state, "C_Sign * fail CKR_DEVICE_ERROR\nC_SignFinal * fail CKR_DEVICE_ERROR\n",
	    sign_old, &report);
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

static bool look_for_signer(struct soft_token *soft, struct shim_report *report)
{
	scoped(signer) struct signer *signer = NULL;
	bool absent = false;

	report->succeeded = shim_open(soft, &report->error)
			    && signer_open(kind, soft->token, &signer, &absent, &report->error);
	report->count = absent;
	return report->succeeded;
}

static bool is_absent(void)
{
	struct shim_report report;
	void *soft;

	if (soft_token_make(&soft) != 0)
		return false;
	shim_run(soft, "", look_for_signer, &report);
	print_message("%s\n", report.error.message);
	return soft_token_remove(&soft) == 0 && report.count != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_renewal_stays_within_the_budget_of_calls),
		cmocka_unit_test(
		    a_key_that_the_signer_does_not_find_costs_no_login_and_not_the_session),
		cmocka_unit_test(a_token_that_fails_to_sign_makes_no_signature),
	};

	if (argc > 1 && !signer_kind_parse(argv[1], &kind))
		return EX_USAGE;
	if (is_absent())
		return TEST_SKIPPED;
	return cmocka_run_group_tests_name(
	    signer_kind_name(kind), tests, set_up, soft_token_remove);
}
