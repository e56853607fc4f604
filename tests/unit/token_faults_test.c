#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/module.h"
#include "pkcs11/token.h"
#include "pkcs11/token_uri.h"
#include "tests/unit/shim_run.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <string.h>

static bool open_and_look(struct soft_token *soft, struct shim_report *report)
{
	if (!shim_open(soft, &report->error))
		return false;
	report->info = *token_info(soft->token);
	return true;
}

static void assert_works(const struct soft_token *soft, const char *plan)
{
	struct shim_report report;

	shim_run(soft, plan, open_and_look, &report);
	assert_ok(report.succeeded, &report.error);
	assert_string_equal(report.info.label, "fleet");
}

static void one_session_and_one_login_are_made(void **state)
{
	assert_works(*state, "");
	assert_int_equal(shim_calls(*state, "C_Initialize"), 1);
	assert_int_equal(shim_calls(*state, "C_OpenSession"), 1);
	assert_int_equal(shim_calls(*state, "C_Login"), 1);
	assert_int_equal(shim_calls(*state, "C_Logout"), 0);
	assert_int_equal(shim_calls(*state, "C_CloseSession"), 1);
	assert_int_equal(shim_calls(*state, "C_CloseAllSessions"), 0);
	assert_int_equal(shim_calls(*state, "C_Finalize"), 1);
}

static void a_module_that_cannot_lock_is_used_without(void **state)
{
	assert_works(*state, "C_Initialize 1 fail CKR_CANT_LOCK\n");
	assert_int_equal(shim_calls(*state, "C_Initialize"), 2);
}

static void a_module_that_is_initialized_already_is_used(void **state)
{
	assert_works(*state, "C_Initialize 1 fail-after CKR_CRYPTOKI_ALREADY_INITIALIZED\n");
}

static void a_module_that_does_not_initialize_is_named_and_not_finalized(void **state)
{
	shim_assert_fails(*state, "C_Initialize * fail CKR_DEVICE_ERROR\n", open_and_look,
	    "libtoken-shim.so: CKR_DEVICE_ERROR (0x30)");
	assert_int_equal(shim_calls(*state, "C_Finalize"), 0);
	shim_assert_fails(
	    *state, "C_Initialize * fail CKR_CANT_LOCK\n", open_and_look, "CKR_CANT_LOCK (0xa)");
	assert_int_equal(shim_calls(*state, "C_Initialize"), 2);
}

static void a_slot_that_cannot_be_read_hides_no_other(void **state)
{
	assert_works(*state, "duplicate-slot\nC_GetTokenInfo 1 fail CKR_DEVICE_ERROR\n");
	assert_works(*state, "duplicate-slot\nC_GetTokenInfo 1 fail CKR_TOKEN_NOT_PRESENT\n");
	shim_assert_fails(*state, "C_GetTokenInfo 1 fail CKR_DEVICE_ERROR\n", open_and_look,
	    "and 1 could not be read (CKR_DEVICE_ERROR)");
}

/* Pulled out between the list and the look: that slot is empty, not broken. */
static void a_token_pulled_out_while_slots_are_listed_is_absent(void **state)
{
	struct shim_report report;

	shim_run(*state, "C_GetTokenInfo 1 fail CKR_TOKEN_NOT_PRESENT\n", open_and_look, &report);
	assert_refused(report.succeeded, &report.error, ERROR_TOKEN);
	assert_non_null(strstr(report.error.message, "those there: none"));
	assert_null(strstr(report.error.message, "could not be read"));
}

static void a_token_in_two_slots_is_ambiguous_and_one_that_is_pulled_out_is_absent(void **state)
{
	shim_assert_fails(*state, "duplicate-slot\n", open_and_look,
	    "2 tokens match pkcs11:token=fleet, and no serial= tells them apart: \"fleet\"");
	shim_assert_fails(*state, "no-token\n", open_and_look, "those there: none");
}

static void a_token_plugged_in_while_slots_are_listed_is_no_fault(void **state)
{
	assert_works(*state, "C_GetSlotList 2 fail CKR_BUFFER_TOO_SMALL\n");
	shim_assert_fails(*state, "C_GetSlotList 2+ fail CKR_BUFFER_TOO_SMALL\n", open_and_look,
	    "CKR_BUFFER_TOO_SMALL");
	shim_assert_fails(*state, "C_GetSlotList 1 fail CKR_GENERAL_ERROR\n", open_and_look,
	    "cannot list the tokens of");
}

static void the_flags_of_the_pin_are_seen_before_the_login(void **state)
{
	struct shim_report report;

	shim_run(*state, "flags +COUNT_LOW +FINAL_TRY\n", open_and_look, &report);
	assert_ok(report.succeeded, &report.error);
	assert_true(report.info.pin_count_low && report.info.pin_final_try);
	assert_false(report.info.pin_locked || report.info.pin_pad);
	shim_run(
	    *state, "flags +LOCKED +WRITE_PROTECTED -LOGIN_REQUIRED\n", open_and_look, &report);
	assert_ok(report.succeeded, &report.error);
	assert_true(report.info.pin_locked && report.info.write_protected);
	assert_false(report.info.pin_final_try || report.info.login_required);
}

static bool find_pss(struct soft_token *soft, struct shim_report *report)
{
	enum mechanism by = MECHANISM_KEY_PAIR;

	if (!shim_open(soft, &report->error)
	    || !mechanism_find_pss(soft->token, &by, &report->error))
		return false;
	report->count = by;
	return true;
}

static void pss_comes_from_the_token_or_else_by_raw_rsa_or_not_at_all(void **state)
{
	static const struct {
		const char *plan;
		enum mechanism by;
	} cases[] = {
		{ "", MECHANISM_PSS },
		{ "mechanism CKM_RSA_X_509 absent\n", MECHANISM_PSS },
		{ "mechanism CKM_RSA_PKCS_PSS absent\n", MECHANISM_RAW },
		{ "mechanism CKM_RSA_PKCS_PSS absent\nmechanism CKM_RSA_X_509 absent\n",
		    MECHANISM_COUNT },
		{ "C_GetMechanismList * fail CKR_DEVICE_ERROR\n", MECHANISM_PSS },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct shim_report report;

		shim_run(*state, cases[i].plan, find_pss, &report);
		assert_ok(report.succeeded, &report.error);
		assert_int_equal(report.count, cases[i].by);
	}
	shim_assert_fails(*state, "C_GetMechanismInfo * fail CKR_DEVICE_ERROR\n", find_pss,
	    "cannot ask the token fleet about CKM_RSA_PKCS_PSS: CKR_DEVICE_ERROR");
}

static bool lose_the_session(struct soft_token *soft, struct shim_report *report)
{
	CK_SESSION_INFO info;

	if (!shim_open(soft, &report->error) || !token_is_alive(soft->token))
		return false;
	(void)token_functions(soft->token)->C_GetSessionInfo(token_session(soft->token), &info);
	report->count = token_is_alive(soft->token);
	return true;
}

static void a_session_that_has_ended_is_seen(void **state)
{
	static const char *const plans[] = {
		"C_GetSessionInfo 2 lose-sessions\n",
		"C_GetSessionInfo 2+ fail CKR_DEVICE_REMOVED\n",
	};
	struct shim_report report;

	shim_run(*state, "", lose_the_session, &report);
	assert_true(report.succeeded);
	assert_int_equal(report.count, 1);
	for (size_t i = 0; i < ARRAY_LENGTH(plans); i++) {
		shim_run(*state, plans[i], lose_the_session, &report);
		assert_true(report.succeeded);
		assert_int_equal(report.count, 0);
	}
}

static void a_token_that_opens_no_session_gets_no_login(void **state)
{
	shim_assert_fails(*state, "C_OpenSession 1 fail CKR_SESSION_COUNT\n", open_and_look,
	    "cannot open a session with the token fleet (all are taken: let other programs close "
	    "theirs, or allow more): CKR_SESSION_COUNT (0xb1)");
	assert_int_equal(shim_calls(*state, "C_Login"), 0);
	assert_int_equal(shim_calls(*state, "C_CloseSession"), 0);
}

/* The PIN is the right one; the shim decides about the answer. */
static bool log_in_once(struct soft_token *soft, struct shim_report *report)
{
	scoped(token_uri) struct token_uri *uri = NULL;
	scoped(secret) struct secret *pin = NULL;
	struct error *error = &report->error;

	return secret_new(&pin, error) && secret_set(pin, "24681357", 8, error)
	       && token_uri_parse(SOFT_TOKEN_URI, &uri, error)
	       && module_open(TOKEN_SHIM, NULL, &soft->module, error)
	       && token_find(soft->module, uri, &soft->token, error)
	       && token_open_session(soft->token, true, error)
	       && token_log_in(soft->token, pin, &report->login, error);
}

static void every_answer_to_a_login_says_whether_the_pin_may_be_tried_again(void **state)
{
	static const struct {
		const char *plan;
		enum token_login login;
		enum error_kind kind;
	} cases[] = {
		{ "C_Login * fail CKR_OK\n", TOKEN_LOGIN_DONE, ERROR_NONE },
		{ "C_Login * fail CKR_USER_ALREADY_LOGGED_IN\n", TOKEN_LOGIN_DONE, ERROR_NONE },
		{ "C_Login * fail CKR_PIN_INCORRECT\n", TOKEN_LOGIN_REFUSED, ERROR_PIN },
		{ "C_Login * fail CKR_PIN_INVALID\n", TOKEN_LOGIN_REFUSED, ERROR_PIN },
		{ "C_Login * fail CKR_PIN_LEN_RANGE\n", TOKEN_LOGIN_REFUSED, ERROR_PIN },
		{ "C_Login * fail CKR_PIN_LOCKED\n", TOKEN_LOGIN_LOCKED, ERROR_PIN },
		{ "C_Login * fail CKR_PIN_EXPIRED\n", TOKEN_LOGIN_LOCKED, ERROR_PIN },
		{ "C_Login * fail CKR_USER_PIN_NOT_INITIALIZED\n", TOKEN_LOGIN_FAILED,
		    ERROR_TOKEN },
		{ "C_Login * fail CKR_DEVICE_ERROR\n", TOKEN_LOGIN_FAILED, ERROR_TOKEN },
		{ "C_Login * fail CKR_SESSION_HANDLE_INVALID\n", TOKEN_LOGIN_FAILED, ERROR_TOKEN },
		{ "C_Login * fail 0x80001234\n", TOKEN_LOGIN_FAILED, ERROR_TOKEN },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct shim_report report;

		shim_run(*state, cases[i].plan, log_in_once, &report);
		assert_int_equal(report.error.kind, cases[i].kind);
		assert_int_equal(report.login, cases[i].login);
		assert_int_equal(report.succeeded, cases[i].kind == ERROR_NONE);
		assert_int_equal(shim_calls(*state, "C_Login"), 1);
		assert_null(strstr(report.error.message, "24681357"));
	}
}

static bool log_in_at_the_pad(struct soft_token *soft, struct shim_report *report)
{
	scoped(token_uri) struct token_uri *uri = NULL;
	struct error *error = &report->error;

	return token_uri_parse(SOFT_TOKEN_URI, &uri, error)
	       && module_open(TOKEN_SHIM, NULL, &soft->module, error)
	       && token_find(soft->module, uri, &soft->token, error)
	       && token_open_session(soft->token, true, error)
	       && token_log_in(soft->token, NULL, &report->login, error);
}

static void a_pin_pad_is_asked_with_no_pin_and_may_be_cancelled(void **state)
{
	const struct soft_token *soft = *state;
	struct shim_report report;
	char plan[256];

	assert_true(text_format(plan, sizeof(plan), "pin-pad %s\n", soft->pin_file));
	shim_run(soft, plan, log_in_at_the_pad, &report);
	assert_ok(report.succeeded, &report.error);
	assert_int_equal(report.login, TOKEN_LOGIN_DONE);
	assert_true(text_format(plan, sizeof(plan),
	    "pin-pad %s\nC_Login 1 fail CKR_FUNCTION_CANCELED\n", soft->pin_file));
	shim_run(soft, plan, log_in_at_the_pad, &report);
	assert_refused(report.succeeded, &report.error, ERROR_PIN);
	assert_int_equal(report.login, TOKEN_LOGIN_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_session_and_one_login_are_made),
		cmocka_unit_test(a_module_that_cannot_lock_is_used_without),
		cmocka_unit_test(a_module_that_is_initialized_already_is_used),
		cmocka_unit_test(a_module_that_does_not_initialize_is_named_and_not_finalized),
		cmocka_unit_test(a_slot_that_cannot_be_read_hides_no_other),
		cmocka_unit_test(a_token_pulled_out_while_slots_are_listed_is_absent),
		cmocka_unit_test(
		    a_token_in_two_slots_is_ambiguous_and_one_that_is_pulled_out_is_absent),
		cmocka_unit_test(a_token_plugged_in_while_slots_are_listed_is_no_fault),
		cmocka_unit_test(the_flags_of_the_pin_are_seen_before_the_login),
		cmocka_unit_test(pss_comes_from_the_token_or_else_by_raw_rsa_or_not_at_all),
		cmocka_unit_test(a_session_that_has_ended_is_seen),
		cmocka_unit_test(a_token_that_opens_no_session_gets_no_login),
		cmocka_unit_test(every_answer_to_a_login_says_whether_the_pin_may_be_tried_again),
		cmocka_unit_test(a_pin_pad_is_asked_with_no_pin_and_may_be_cancelled),
	};

	return cmocka_run_group_tests(tests, soft_token_make, soft_token_remove);
}
