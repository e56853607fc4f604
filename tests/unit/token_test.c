#include "pkcs11/token.h"

#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/module.h"
#include "pkcs11/slot_list.h"
#include "pkcs11/token_uri.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <dlfcn.h>
#include <openssl/err.h>
#include <string.h>

static void a_module_that_is_absent_or_none_is_named_with_the_reason(void **state)
{
	static const struct {
		const char *path;
		enum error_kind kind;
		const char *complaint;
	} cases[] = {
		{ "libsofthsm2.so", ERROR_CONFIG, "\"libsofthsm2.so\" is not an absolute path" },
		{ "", ERROR_CONFIG, "not an absolute path" },
		{ "/nonexistent/x.so", ERROR_TOKEN,
		    "/nonexistent/x.so: cannot open shared object" },
		{ "/etc/passwd", ERROR_TOKEN, "/etc/passwd: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct module *module = NULL;
		struct error error = ERROR_INIT;

		assert_refused(
		    module_open(cases[i].path, NULL, &module, &error), &error, cases[i].kind);
		assert_null(module);
		assert_non_null(strstr(error.message, cases[i].complaint));
	}
}

static void a_library_that_is_no_module_is_told_so(void **state)
{
	struct module *module = NULL;
	struct error error = ERROR_INIT;
	Dl_info libcrypto;

	(void)state;
	assert_int_not_equal(dladdr((void *)(uintptr_t)ERR_clear_error, &libcrypto), 0);
	assert_refused(
	    module_open(libcrypto.dli_fname, NULL, &module, &error), &error, ERROR_TOKEN);
	assert_non_null(strstr(error.message, "it has no C_GetFunctionList"));
}

static void a_module_can_be_opened_again_after_it_was_closed(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		scoped(module) struct module *module = NULL;
		struct error error = ERROR_INIT;

		assert_ok(module_open(SOFT_TOKEN_MODULE, NULL, &module, &error), &error);
		assert_string_equal(module_path(module), SOFT_TOKEN_MODULE);
	}
}

static void a_result_has_its_name_or_its_number(void **state)
{
	struct error error = ERROR_INIT;
	char buffer[MODULE_RESULT_NAME_SIZE];

	(void)state;
	assert_string_equal(module_result_name(CKR_OK, buffer), "CKR_OK");
	assert_string_equal(module_result_name(0xa4, buffer), "CKR_PIN_LOCKED");
	assert_string_equal(module_result_name(0x201, buffer), "CKR_TOKEN_RESOURCE_EXCEEDED");
	assert_string_equal(module_result_name(0x80001234, buffer), "CKR_0x80001234");
	assert_string_equal(
	    module_result_name(CK_UNAVAILABLE_INFORMATION, buffer), "CKR_0xffffffffffffffff");
	assert_false(module_error(&error, 0x30, "the %s", "token"));
	assert_int_equal(error.kind, ERROR_TOKEN);
	assert_string_equal(error.message, "the token: CKR_DEVICE_ERROR (0x30)");
}

static bool find(struct module *module, const char *text, struct token **token, struct error *error)
{
	scoped(token_uri) struct token_uri *uri = NULL;

	assert_ok(token_uri_parse(text, &uri, error), error);
	return token_find(module, uri, token, error);
}

static struct module *open_module(void)
{
	struct module *module = NULL;
	struct error error = ERROR_INIT;

	assert_ok(module_open(SOFT_TOKEN_MODULE, NULL, &module, &error), &error);
	return module;
}

static void the_token_that_a_uri_names_is_found_and_described(void **state)
{
	scoped(module) struct module *module = open_module();
	scoped(token) struct token *token = NULL;
	const struct token_info *info;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(find(module, SOFT_TOKEN_URI, &token, &error), &error);
	info = token_info(token);
	assert_string_equal(token_name(token), "fleet");
	assert_string_equal(info->label, "fleet");
	assert_string_equal(info->manufacturer, "SoftHSM project");
	assert_string_equal(info->model, "SoftHSM v2");
	assert_int_equal(strlen(info->serial), 16);
	assert_true(info->login_required && info->pin_initialized);
	assert_false(
	    info->pin_pad || info->pin_final_try || info->pin_locked || info->write_protected);
	assert_ptr_equal(token_module(token), module);
}

static void no_match_lists_the_tokens_that_are_there(void **state)
{
	scoped(module) struct module *module = open_module();
	struct token *token = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_refused(find(module, "pkcs11:token=flet", &token, &error), &error, ERROR_TOKEN);
	assert_null(token);
	assert_non_null(strstr(error.message,
	    "no token of " SOFT_TOKEN_MODULE " matches pkcs11:token=flet; those there: \"fleet\" "
	    "(serial "));
}

/* SoftHSM shows one slot more than it has tokens, of the same model. */
static void a_token_that_was_never_initialized_is_none(void **state)
{
	scoped(module) struct module *module = open_module();
	scoped(token) struct token *token = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(find(module, "pkcs11:model=SoftHSM%20v2", &token, &error), &error);
	assert_string_equal(token_name(token), "fleet");
}

static void several_matches_are_listed_and_a_serial_tells_them_apart(void **state)
{
	const struct soft_token *soft = *state;
	struct token *token = NULL;
	struct error error = ERROR_INIT;
	char text[64];
	char serial[17];

	soft_token_add(soft, "fleet");
	soft_token_add(soft, "other");
	{
		scoped(module) struct module *module = open_module();
		const char *at;

		assert_refused(find(module, SOFT_TOKEN_URI, &token, &error), &error, ERROR_TOKEN);
		assert_non_null(strstr(error.message,
		    "2 tokens match pkcs11:token=fleet, add serial=: \"fleet\" (serial "));
		assert_null(strstr(error.message, "other"));
		at = strstr(error.message, "(serial ") + strlen("(serial ");
		memcpy(serial, at, 16);
		serial[16] = '\0';
		text_format(text, sizeof(text), "pkcs11:token=fleet;serial=%s", serial);
		assert_ok(find(module, text, &token, &error), &error);
		assert_string_equal(token_info(token)->serial, serial);
		token_close(token);
	}
}

static void survey(struct module *module, const char *text, struct slot_survey *survey)
{
	scoped(token_uri) struct token_uri *uri = NULL;
	struct error error = ERROR_INIT;

	assert_ok(token_uri_parse(text, &uri, &error), &error);
	assert_ok(slot_list_survey(module, uri, survey, &error), &error);
	assert_int_equal(survey->unreadable, 0);
	assert_false(survey->alike);
}

/* Each URI that is offered is a whole one, and means one token. */
static void what_there_is_to_choose_from_is_offered_as_uris(void **state)
{
	const struct soft_token *soft = *state;
	struct slot_survey found;

	for (int i = 0; i < 6; i++)
		soft_token_add(soft, "many");
	{
		scoped(module) struct module *module = open_module();

		survey(module, "pkcs11:token=none", &found);
		assert_int_equal(found.matching, 0);
		assert_true(found.present >= 6);
		survey(module, "pkcs11:token=many", &found);
		assert_int_equal(found.matching, 6);
		for (char *end, *uri = found.uris; uri; uri = end ? end + strlen(", ") : NULL) {
			scoped(token) struct token *token = NULL;
			struct error error = ERROR_INIT;

			end = strstr(uri, ", ");
			if (end)
				*end = '\0';
			assert_ok(find(module, uri, &token, &error), &error);
			assert_string_equal(token_name(token), "many");
		}
	}
}

static bool log_in(
    struct token *token, const char *text, enum token_login *login, struct error *error)
{
	scoped(secret) struct secret *pin = NULL;

	assert_ok(secret_new(&pin, error), error);
	assert_ok(secret_set(pin, text, strlen(text), error), error);
	return token_log_in(token, pin, login, error);
}

static struct token *open_other(struct module *module, bool writable)
{
	struct error error = ERROR_INIT;
	struct token *token = NULL;

	assert_ok(find(module, "pkcs11:token=other", &token, &error), &error);
	assert_ok(token_open_session(token, writable, &error), &error);
	return token;
}

static void a_wrong_pin_is_refused_and_must_not_be_tried_again(void **state)
{
	scoped(module) struct module *module = open_module();
	scoped(token) struct token *token = open_other(module, true);
	struct error error = ERROR_INIT;
	enum token_login login = TOKEN_LOGIN_DONE;

	(void)state;
	assert_refused(log_in(token, "98765432", &login, &error), &error, ERROR_PIN);
	assert_int_equal(login, TOKEN_LOGIN_REFUSED);
	assert_non_null(strstr(error.message, "the token other (mend the PIN"));
	assert_non_null(strstr(error.message, "CKR_PIN_INCORRECT (0xa0)"));
	assert_null(strstr(error.message, "98765432"));
	assert_refused(log_in(token, "1", &login, &error), &error, ERROR_PIN);
	assert_int_equal(login, TOKEN_LOGIN_REFUSED);
}

static void a_second_look_shows_what_a_refusal_has_changed(void **state)
{
	scoped(module) struct module *module = open_module();
	scoped(token) struct token *token = open_other(module, true);
	struct error error = ERROR_INIT;
	enum token_login login = TOKEN_LOGIN_FAILED;

	(void)state;
	assert_ok(token_look_again(token, &error), &error);
	assert_refused(log_in(token, "98765432", &login, &error), &error, ERROR_PIN);
	assert_ok(token_look_again(token, &error), &error);
	assert_true(token_info(token)->pin_count_low);
	assert_ok(log_in(token, SOFT_TOKEN_ADDED_PIN, &login, &error), &error);
	assert_ok(token_look_again(token, &error), &error);
	assert_false(token_info(token)->pin_count_low);
	assert_false(token_info(token)->pin_final_try);
	assert_false(token_info(token)->pin_locked);
}

static void logging_in_twice_is_fine(void **state)
{
	scoped(module) struct module *module = open_module();
	scoped(token) struct token *token = open_other(module, true);
	struct error error = ERROR_INIT;
	enum token_login login = TOKEN_LOGIN_FAILED;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_ok(log_in(token, SOFT_TOKEN_ADDED_PIN, &login, &error), &error);
		assert_int_equal(login, TOKEN_LOGIN_DONE);
	}
}

static void without_a_pin_only_a_pin_pad_is_asked(void **state)
{
	scoped(module) struct module *module = open_module();
	scoped(token) struct token *token = open_other(module, true);
	struct error error = ERROR_INIT;
	enum token_login login = TOKEN_LOGIN_DONE;

	(void)state;
	assert_refused(token_log_in(token, NULL, &login, &error), &error, ERROR_PIN);
	assert_int_equal(login, TOKEN_LOGIN_FAILED);
	assert_non_null(strstr(error.message, "no PIN pad"));
}

static void a_token_has_one_session_and_it_may_be_for_reading_only(void **state)
{
	scoped(module) struct module *module = open_module();
	scoped(token) struct token *token = open_other(module, false);
	const struct key_id id = { { 1 }, 1 };
	struct error error = ERROR_INIT;
	enum token_login login;

	(void)state;
	assert_refused(token_open_session(token, true, &error), &error, ERROR_INTERNAL);
	assert_ok(log_in(token, SOFT_TOKEN_ADDED_PIN, &login, &error), &error);
	assert_refused(key_pair_generate(token, &id, "x", 2048, &error), &error, ERROR_TOKEN);
	assert_non_null(strstr(error.message, "write protected"));
	assert_non_null(strstr(error.message, "CKR_SESSION_READ_ONLY"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_module_that_is_absent_or_none_is_named_with_the_reason),
		cmocka_unit_test(a_library_that_is_no_module_is_told_so),
		cmocka_unit_test(a_module_can_be_opened_again_after_it_was_closed),
		cmocka_unit_test(a_result_has_its_name_or_its_number),
		cmocka_unit_test(the_token_that_a_uri_names_is_found_and_described),
		cmocka_unit_test(no_match_lists_the_tokens_that_are_there),
		cmocka_unit_test(a_token_that_was_never_initialized_is_none),
		cmocka_unit_test(several_matches_are_listed_and_a_serial_tells_them_apart),
		cmocka_unit_test(what_there_is_to_choose_from_is_offered_as_uris),
		cmocka_unit_test(a_wrong_pin_is_refused_and_must_not_be_tried_again),
		cmocka_unit_test(a_second_look_shows_what_a_refusal_has_changed),
		cmocka_unit_test(logging_in_twice_is_fine),
		cmocka_unit_test(without_a_pin_only_a_pin_pad_is_asked),
		cmocka_unit_test(a_token_has_one_session_and_it_may_be_for_reading_only),
	};

	return cmocka_run_group_tests(tests, soft_token_make, soft_token_remove);
}
