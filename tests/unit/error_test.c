#include "base/error.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

/* The manual's table, written down a second time. */
static const struct {
	enum error_kind kind;
	int exit_status;
	const char *class;
	const char *name;
} promised[] = {
	{ ERROR_NONE, 0, "none", "none" },
	{ ERROR_USAGE, 64, "usage", "usage" },
	{ ERROR_CONFIG, 78, "config", "config" },
	{ ERROR_TOKEN, 69, "token", "token" },
	{ ERROR_SESSION, 69, "token", "session" },
	{ ERROR_CAPACITY, 69, "token", "capacity" },
	{ ERROR_PIN, 77, "pin", "pin" },
	{ ERROR_PERMISSION, 77, "state", "permission" },
	{ ERROR_CONNECTOR, 76, "connector", "connector" },
	{ ERROR_VERIFICATION, 76, "verification", "verification" },
	{ ERROR_DISTRUSTED, 76, "verification", "distrusted" },
	{ ERROR_NETWORK, 75, "network", "network" },
	{ ERROR_REJECTED, 75, "connector", "rejected" },
	{ ERROR_UNPROVEN, 75, "connector", "unproven" },
	{ ERROR_REENROLL, 20, "connector", "reenroll" },
	{ ERROR_BUSY, 75, "busy", "busy" },
	{ ERROR_CLOCK, 75, "clock", "clock" },
	{ ERROR_DEADLINE, 75, "deadline", "deadline" },
	{ ERROR_STATE, 75, "state", "state" },
	{ ERROR_DAMAGED, 70, "state", "damaged" },
	{ ERROR_INTERNAL, 70, "internal", "internal" },
};

static void every_kind_has_the_exit_status_class_and_name_of_the_manual(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_LENGTH(promised), ERROR_KIND_COUNT);
	for (size_t i = 0; i < ARRAY_LENGTH(promised); i++) {
		enum error_kind kind = promised[i].kind;

		assert_int_equal(kind, i);
		assert_int_equal(error_exit_status(kind), promised[i].exit_status);
		assert_string_equal(error_class(kind), promised[i].class);
		assert_string_equal(error_name(kind), promised[i].name);
		assert_int_equal(error_kind_by_name(promised[i].name), kind);
		assert_int_equal(error_is_temporary(kind), promised[i].exit_status == 75);
	}
}

static void a_name_or_number_that_is_no_kind_is_a_bug(void **state)
{
	(void)state;
	assert_int_equal(error_kind_by_name("Network"), ERROR_INTERNAL);
	assert_int_equal(error_kind_by_name(""), ERROR_INTERNAL);
	assert_int_equal(error_kind_by_name(NULL), ERROR_INTERNAL);
	assert_int_equal(error_exit_status(ERROR_KIND_COUNT), 70);
	assert_string_equal(error_class((enum error_kind) - 1), "internal");
	assert_string_equal(error_name((enum error_kind)1000), "internal");
	assert_false(error_is_temporary(ERROR_KIND_COUNT));
}

static void set_and_prefix_return_false_and_build_one_line(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_false(error_set(&error, ERROR_TOKEN, "no token matches %s", "pkcs11:token=edge"));
	assert_false(error_prefix(&error, "generate key %d", 7));
	assert_false(error_prefix(&error, "renew"));
	assert_int_equal(error.kind, ERROR_TOKEN);
	assert_string_equal(
	    error.message, "renew: generate key 7: no token matches pkcs11:token=edge");
	error_clear(&error);
	assert_int_equal(error.kind, ERROR_NONE);
	assert_string_equal(error.message, "");
}

static void a_message_can_be_made_from_the_one_it_replaces(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	error_set(&error, ERROR_NETWORK, "connection cut");
	error_set(&error, ERROR_REJECTED, "third refusal: %s", error.message);
	assert_string_equal(error.message, "third refusal: connection cut");
	assert_int_equal(error.kind, ERROR_REJECTED);
	error_prefix(&error, "<%s>", error.message);
	assert_string_equal(
	    error.message, "<third refusal: connection cut>: third refusal: connection cut");
}

static void nobody_has_to_want_the_error(void **state)
{
	(void)state;
	ERR_raise(ERR_LIB_EVP, EVP_R_BAD_DECRYPT);
	assert_false(error_set(NULL, ERROR_TOKEN, "x"));
	assert_false(error_prefix(NULL, "x"));
	assert_false(error_set_openssl(NULL, ERROR_TOKEN, "x"));
	assert_int_equal(ERR_peek_error(), 0);
	error_clear(NULL);
}

static void control_characters_and_bytes_that_are_not_utf8_become_question_marks(void **state)
{
	static const struct {
		const char *given;
		const char *kept;
	} cases[] = {
		{ "a\nb\tc\rd\x1b[31me\x7f", "a?b?c?d?[31me?" },
		{ "a\xc2\x9b"
		  "31m",
		    "a??31m" }, /* CSI as one character, U+009B */
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0", "café € 😀 \xc2\xa0" },
		{ "\xff\xc0\xaf|\xed\xa0\x80|\xe2\x82", "???|???|??" },
	};
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		error_set(&error, ERROR_TOKEN, "%s", cases[i].given);
		assert_string_equal(error.message, cases[i].kept);
		error_set(&error, ERROR_TOKEN, "z");
		error_prefix(&error, "%s", cases[i].given);
		assert_memory_equal(error.message, cases[i].kept, strlen(cases[i].kept));
	}
}

static void a_message_that_is_too_long_is_cut_between_characters(void **state)
{
	static const char *const characters[] = { "x", "é", "€", "😀" };
	struct error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(characters); i++) {
		for (int before = ERROR_MESSAGE_SIZE - 8; before < ERROR_MESSAGE_SIZE; before++) {
			size_t size = strlen(characters[i]);
			size_t room = (size_t)(ERROR_MESSAGE_SIZE - 1 - before);
			size_t length = (size_t)before + room / size * size;

			error_set(&error, ERROR_TOKEN, "%*s%s%s%s%s%s%s%s%s", before, "",
			    characters[i], characters[i], characters[i], characters[i],
			    characters[i], characters[i], characters[i], characters[i]);
			assert_int_equal(strlen(error.message), length);
			assert_null(strchr(error.message, '?'));
			error_set(&error, ERROR_TOKEN, "%s", "€€€€€€€€");
			error_prefix(&error, "%*s", before, "");
			assert_null(strchr(error.message, '?'));
			assert_true(strlen(error.message) < ERROR_MESSAGE_SIZE);
			assert_true(strlen(error.message) >= (size_t)before);
		}
	}
}

static void the_oldest_reason_of_openssl_follows_and_the_queue_is_emptied(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	ERR_clear_error();
	ERR_raise(ERR_LIB_EVP, EVP_R_BAD_DECRYPT);
	ERR_raise(ERR_LIB_EVP, EVP_R_INVALID_KEY);
	assert_false(error_set_openssl(&error, ERROR_TOKEN, "cannot load %s", "key 7"));
	assert_string_equal(error.message, "cannot load key 7: bad decrypt");
	assert_int_equal(error.kind, ERROR_TOKEN);
	assert_int_equal(ERR_peek_error(), 0);

	error_set_openssl(&error, ERROR_TOKEN, "cannot load key 7");
	assert_string_equal(error.message, "cannot load key 7");
}

static void what_openssl_says_besides_and_system_errors_are_in_the_message(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	ERR_raise_data(ERR_LIB_EVP, EVP_R_BAD_DECRYPT, "slot %d", 3);
	error_set_openssl(&error, ERROR_TOKEN, "sign");
	assert_string_equal(error.message, "sign: bad decrypt (slot 3)");

	ERR_raise_data(ERR_LIB_SYS, ENOENT, "calling fopen(%s)", "a.pem");
	error_set_openssl(&error, ERROR_STATE, "read");
	assert_string_equal(
	    error.message, "read: No such file or directory (calling fopen(a.pem))");

	ERR_raise(ERR_LIB_USER, 77); /* an engine that loaded no texts */
	error_set_openssl(&error, ERROR_TOKEN, "sign");
	assert_non_null(strstr(error.message, "sign: error:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_the_exit_status_class_and_name_of_the_manual),
		cmocka_unit_test(a_name_or_number_that_is_no_kind_is_a_bug),
		cmocka_unit_test(set_and_prefix_return_false_and_build_one_line),
		cmocka_unit_test(a_message_can_be_made_from_the_one_it_replaces),
		cmocka_unit_test(nobody_has_to_want_the_error),
		cmocka_unit_test(
		    control_characters_and_bytes_that_are_not_utf8_become_question_marks),
		cmocka_unit_test(a_message_that_is_too_long_is_cut_between_characters),
		cmocka_unit_test(the_oldest_reason_of_openssl_follows_and_the_queue_is_emptied),
		cmocka_unit_test(what_openssl_says_besides_and_system_errors_are_in_the_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
