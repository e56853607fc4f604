#include "agent/identity/result.h"

#include "base/text.h"
#include "tests/unit/test.h"

static void the_worst_of_several_exit_statuses_counts(void **state)
{
	(void)state;
	assert_int_equal(result_worse_status(0, 75), 75);
	assert_int_equal(result_worse_status(75, 76), 76);
	assert_int_equal(result_worse_status(76, 20), 20);
	assert_int_equal(result_worse_status(20, 69), 69);
	assert_int_equal(result_worse_status(69, 78), 78);
	assert_int_equal(result_worse_status(78, 77), 77);
	assert_int_equal(result_worse_status(77, 70), 70);
	assert_int_equal(result_worse_status(11, 0), 11);
	assert_int_equal(result_worse_status(0, 10), 0);
	assert_int_equal(result_worse_status(10, 10), 10);
	assert_int_equal(result_worse_status(0, 0), 0);
}

static void nothing_changed_is_10_when_details_are_wanted(void **state)
{
	struct result result = result_new();

	(void)state;
	assert_int_equal(result_exit_status(&result, false), 0);
	assert_int_equal(result_exit_status(&result, true), 10);
	result.changed = true;
	assert_int_equal(result_exit_status(&result, true), 0);
	(void)error_set(&result.error, ERROR_NETWORK, "nobody");
	assert_int_equal(result_exit_status(&result, true), 75);
	result_clear(&result);
}

static void a_hook_that_failed_is_11_when_nothing_else_did(void **state)
{
	struct result result = result_new();

	(void)state;
	result.hooks[HOOK_RENEWED].ran = true;
	assert_int_equal(result_exit_status(&result, true), 10);
	assert_true(text_copy(result.hooks[HOOK_RENEWED].error, sizeof(result.hooks->error), "no"));
	assert_int_equal(result_exit_status(&result, false), 11);
	assert_int_equal(result_exit_status(&result, true), 11);
	(void)error_set(&result.error, ERROR_NETWORK, "nobody");
	assert_int_equal(result_exit_status(&result, false), 75);
	result_clear(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_of_several_exit_statuses_counts),
		cmocka_unit_test(nothing_changed_is_10_when_details_are_wanted),
		cmocka_unit_test(a_hook_that_failed_is_11_when_nothing_else_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
