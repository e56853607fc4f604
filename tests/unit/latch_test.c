#include "agent/state/latch.h"

#include "agent/state/latch_memory.h"
#include "base/text.h"
#include "tests/fakes/latch_run.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/test.h"

#include <string.h>
#include <sys/stat.h>

static void a_new_token_allows_any_pin(void **state)
{
	(void)state;
	assert_true(latch_run_may_try(&latch_shows_nothing, "1234", false));
	assert_true(latch_run_may_try(&latch_shows_nothing, NULL, false));
	assert_true(latch_run_may_try(&latch_shows_count_low, "1234", false));
	assert_int_equal(state_folder_mode("tokens"), 0755);
	assert_int_equal(state_folder_count(".json"), 0);
}

static void a_refused_pin_is_never_tried_again_and_another_one_is(void **state)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = NULL;

	(void)state;
	latch_run("1234", LATCH_REFUSED);
	assert_false(latch_run_may_try(&latch_shows_nothing, "1234", false));
	assert_false(latch_run_may_try(&latch_shows_count_low, "1234", false));
	assert_true(latch_run_may_try(&latch_shows_nothing, "12345", false));
	assert_true(latch_run_may_try(&latch_shows_nothing, "123", false));
	assert_true(latch_run_may_try(&latch_shows_nothing, "", false));
	assert_true(latch_run_may_try(&latch_shows_nothing, NULL, false));
	assert_true(latch_run_may_try(&latch_shows_nothing, "1234", true));
	latch = latch_run_open();
	assert_false(latch_run_check(latch, &latch_shows_nothing, "1234", false, &error));
	assert_non_null(strstr(error.message, "on 20"));
	assert_non_null(strstr(error.message, "--retry-pin"));
	assert_null(strstr(error.message, "1234"));
}

static void all_refused_pins_are_remembered(void **state)
{
	(void)state;
	latch_run("1111", LATCH_REFUSED);
	latch_run("2222", LATCH_REFUSED);
	assert_false(latch_run_may_try(&latch_shows_nothing, "1111", false));
	assert_false(latch_run_may_try(&latch_shows_nothing, "2222", false));
	assert_true(latch_run_may_try(&latch_shows_nothing, "3333", false));
}

static void a_right_pin_forgets_the_refused_ones(void **state)
{
	(void)state;
	latch_run("1111", LATCH_REFUSED);
	latch_run("2222", LATCH_ACCEPTED);
	assert_true(latch_run_may_try(&latch_shows_nothing, "1111", false));
	assert_int_equal(state_folder_count(".json"), 0);
}

static void a_pin_that_was_not_judged_changes_nothing(void **state)
{
	(void)state;
	latch_run("1111", LATCH_NOT_JUDGED);
	assert_int_equal(state_folder_count(".json"), 0);
	latch_run("1111", LATCH_REFUSED);
	latch_run("2222", LATCH_NOT_JUDGED);
	assert_false(latch_run_may_try(&latch_shows_nothing, "1111", false));
	assert_true(latch_run_may_try(&latch_shows_count_low, "2222", false));
}

static void eight_refused_pins_latch_every_pin(void **state)
{
	(void)state;
	for (char pin[] = "1"; pin[0] < '0' + LATCH_REFUSED_MAX; pin[0]++)
		latch_run(pin, LATCH_REFUSED);
	assert_true(latch_run_may_try(&latch_shows_nothing, "right", false));
	latch_run("8", LATCH_REFUSED);
	assert_false(latch_run_may_try(&latch_shows_nothing, "right", false));
	assert_true(latch_run_may_try(&latch_shows_nothing, "right", true));
	/* By hand, and wrong once more. */
	latch_run("9", LATCH_REFUSED);
	assert_false(latch_run_may_try(&latch_shows_nothing, "right", false));
	latch_run("right", LATCH_ACCEPTED);
	assert_true(latch_run_may_try(&latch_shows_nothing, "8", false));
}

static void a_cut_try_counts_as_a_refusal_when_the_token_shows_one(void **state)
{
	const struct latch_flags *const shown[] = { &latch_shows_count_low, &latch_shows_final_try,
		&latch_shows_locked };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(shown); i++) {
		latch_run("1234", LATCH_CUT);
		assert_false(latch_run_may_try(shown[i], "1234", false));
		/* It stays so when the security officer has set the token right. */
		assert_false(latch_run_may_try(&latch_shows_nothing, "1234", false));
		assert_false(latch_run_may_try(&latch_shows_nothing, "another", false));
		assert_false(latch_run_may_try(&latch_shows_nothing, NULL, false));
		assert_true(latch_run_may_try(&latch_shows_nothing, "1234", true));
		latch_run("1234", LATCH_ACCEPTED);
		assert_true(latch_run_may_try(&latch_shows_nothing, "1234", false));
	}
}

static void a_cut_try_is_forgotten_when_the_token_shows_none(void **state)
{
	(void)state;
	latch_run("1234", LATCH_CUT);
	assert_true(latch_run_may_try(&latch_shows_nothing, "1234", false));
	/* Somebody else's wrong PIN, later. */
	assert_true(latch_run_may_try(&latch_shows_count_low, "1234", false));
}

static void a_cut_try_keeps_what_was_remembered_before(void **state)
{
	(void)state;
	latch_run("1111", LATCH_REFUSED);
	latch_run("2222", LATCH_CUT);
	assert_false(latch_run_may_try(&latch_shows_nothing, "1111", false));
	assert_true(latch_run_may_try(&latch_shows_nothing, "2222", false));
}

static void a_final_try_is_only_made_by_hand_and_a_locked_token_is_left_alone(void **state)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = NULL;

	(void)state;
	assert_false(latch_run_may_try(&latch_shows_final_try, "1234", false));
	assert_false(latch_run_may_try(&latch_shows_final_try, NULL, false));
	assert_true(latch_run_may_try(&latch_shows_final_try, "1234", true));
	assert_false(latch_run_may_try(&latch_shows_locked, "1234", false));
	assert_false(latch_run_may_try(&latch_shows_locked, "1234", true));
	latch = latch_run_open();
	assert_false(latch_run_check(latch, &latch_shows_locked, "1234", true, &error));
	assert_non_null(strstr(error.message, "security officer"));
}

static void a_refusal_at_the_pin_pad_latches_until_it_is_tried_by_hand(void **state)
{
	(void)state;
	latch_run(NULL, LATCH_REFUSED);
	assert_false(latch_run_may_try(&latch_shows_nothing, NULL, false));
	assert_true(latch_run_may_try(&latch_shows_nothing, NULL, true));
	latch_run(NULL, LATCH_ACCEPTED);
	assert_true(latch_run_may_try(&latch_shows_nothing, NULL, false));
}

static void tokens_that_differ_in_any_name_have_latches_of_their_own(void **state)
{
	static const struct latch_token others[] = {
		{ "SoftHSMS", "oftHSM v2", "0001", "fleet" },
		{ "SoftHSM", "SoftHSM v20", "001", "fleet" },
		{ "SoftHSM", "SoftHSM v2", "0002", "fleet" },
		{ "SoftHSM", "SoftHSM v2", "0001", "flee" },
	};

	(void)state;
	latch_run("1234", LATCH_REFUSED);
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		struct error error = ERROR_INIT;
		scoped(latch) struct latch *latch = NULL;

		assert_ok(latch_open(state_folder_path(), &others[i], &latch, &error), &error);
		assert_ok(
		    latch_run_check(latch, &latch_shows_nothing, "1234", false, &error), &error);
	}
}

static bool looks_well(const struct latch_flags *flags, const char *pin)
{
	scoped(latch) struct latch *latch = latch_run_open();
	struct error error = ERROR_INIT;

	return latch_look(latch, flags, pin, pin ? strlen(pin) : 0, &error);
}

static void a_look_answers_as_the_check_does_and_writes_nothing(void **state)
{
	(void)state;
	latch_run("1234", LATCH_CUT);
	assert_int_equal(state_folder_count(".json"), 1);
	assert_true(looks_well(&latch_shows_nothing, "1234"));
	assert_false(looks_well(&latch_shows_count_low, "12345"));
	assert_true(looks_well(&latch_shows_nothing, "1234")); /* it has not been remembered */
	assert_int_equal(state_folder_count(".json"), 1);
	latch_run("1234", LATCH_REFUSED);
	assert_false(looks_well(&latch_shows_nothing, "1234"));
	assert_true(looks_well(&latch_shows_nothing, "12345"));
	assert_false(looks_well(&latch_shows_locked, "12345"));
}

static void who_does_not_want_to_wait_is_told_that_another_run_is_at_work(void **state)
{
	scoped(latch) struct latch *held = latch_run_open();
	struct latch *latch = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_refused(
	    latch_open_now(state_folder_path(), &latch_fleet, &latch, &error), &error, ERROR_BUSY);
	assert_null(latch);
	latch_close(take(held));
	assert_ok(latch_open_now(state_folder_path(), &latch_fleet, &latch, &error), &error);
	latch_close(latch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(a_new_token_allows_any_pin),
		IN_A_FOLDER(a_refused_pin_is_never_tried_again_and_another_one_is),
		IN_A_FOLDER(all_refused_pins_are_remembered),
		IN_A_FOLDER(a_right_pin_forgets_the_refused_ones),
		IN_A_FOLDER(a_pin_that_was_not_judged_changes_nothing),
		IN_A_FOLDER(eight_refused_pins_latch_every_pin),
		IN_A_FOLDER(a_cut_try_counts_as_a_refusal_when_the_token_shows_one),
		IN_A_FOLDER(a_cut_try_is_forgotten_when_the_token_shows_none),
		IN_A_FOLDER(a_cut_try_keeps_what_was_remembered_before),
		IN_A_FOLDER(a_final_try_is_only_made_by_hand_and_a_locked_token_is_left_alone),
		IN_A_FOLDER(a_refusal_at_the_pin_pad_latches_until_it_is_tried_by_hand),
		IN_A_FOLDER(tokens_that_differ_in_any_name_have_latches_of_their_own),
		IN_A_FOLDER(a_look_answers_as_the_check_does_and_writes_nothing),
		IN_A_FOLDER(who_does_not_want_to_wait_is_told_that_another_run_is_at_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
