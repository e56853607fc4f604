/*
 * What a module and a token tell of themselves.
 */
#include "pkcs11/mechanism.h"
#include "pkcs11/module.h"
#include "pkcs11/token.h"
#include "pkcs11/token_capacity.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <string.h>

static void a_module_says_which_it_is(void **state)
{
	const struct soft_token *soft = *state;
	char text[MODULE_DESCRIPTION_SIZE];
	struct error error = ERROR_INIT;

	assert_ok(module_describe(soft->module, text, &error), &error);
	assert_non_null(strstr(text, "by SoftHSM, PKCS#11 2.40"));
}

static void a_mechanism_has_its_sizes_in_bits(void **state)
{
	const struct soft_token *soft = *state;
	struct mechanism_range range;
	struct error error = ERROR_INIT;

	for (enum mechanism each = 0; each < MECHANISM_COUNT; each++) {
		assert_ok(mechanism_look(soft->token, each, &range, &error), &error);
		assert_true(range.there);
		assert_true(range.least <= 2048 && range.most >= 4096);
	}
	assert_string_equal(mechanism_name(MECHANISM_PSS), "CKM_RSA_PKCS_PSS");
}

static void what_a_token_does_not_tell_is_unknown(void **state)
{
	const struct soft_token *soft = *state;
	struct token_capacity capacity;
	struct error error = ERROR_INIT;

	assert_ok(token_capacity_look(soft->token, &capacity, &error), &error);
	assert_int_equal(capacity.free_private, TOKEN_CAPACITY_UNKNOWN);
	assert_int_equal(capacity.free_public, TOKEN_CAPACITY_UNKNOWN);
	assert_int_equal(capacity.sessions, TOKEN_CAPACITY_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_module_says_which_it_is),
		cmocka_unit_test(a_mechanism_has_its_sizes_in_bits),
		cmocka_unit_test(what_a_token_does_not_tell_is_unknown),
	};

	return cmocka_run_group_tests(tests, soft_token_make_and_open, soft_token_remove);
}
