#include "agent/state/schedule.h"

#include "base/compiler.h"
#include "base/text.h"
#include "tests/unit/test.h"
#include "tests/unit/time_units.h"

#define START INT64_C(1800000000)

static void the_back_off_doubles_from_a_minute_to_a_day(void **state)
{
	static const struct {
		uint32_t failures;
		int64_t delay;
	} rows[] = {
		{ 0, MINUTE },
		{ 1, MINUTE },
		{ 2, 2 * MINUTE },
		{ 5, 16 * MINUTE },
		{ 11, 1024 * MINUTE },
		{ 12, DAY },
		{ 13, DAY },
		{ UINT32_MAX, DAY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		for (int seed = 0; seed < 200; seed++) {
			int64_t delay = rows[i].delay;
			char name[16];
			int64_t next;

			assert_true(text_format(name, sizeof(name), "host-%d", seed));
			next = schedule_next_attempt(
				   START, rows[i].failures, START + 100 * YEAR, 0, name)
			       - START;
			assert_in_range(next, MINUTE, SCHEDULE_BACKOFF_MAX);
			assert_in_range(next, delay * 4 / 5 - 1, delay * 6 / 5);
			assert_int_equal(next, schedule_next_attempt(START, rows[i].failures,
						   START + 100 * YEAR, 0, name)
						   - START);
		}
	}
}

static void two_identities_and_two_failures_are_jittered_apart(void **state)
{
	const int64_t end = START + YEAR;
	int64_t first = schedule_next_attempt(START, 8, end, 0, "orders");
	int64_t other = schedule_next_attempt(START, 8, end, 0, "invoices");
	int64_t second = schedule_next_attempt(START, 9, end, 0, "orders");

	(void)state;
	assert_int_not_equal(first, other);
	/* The longest too, where half of them are cut at a day. */
	assert_true(
	    schedule_next_attempt(START, 30, START + 100 * YEAR, 0, "orders") < START + DAY
	    || schedule_next_attempt(START, 31, START + 100 * YEAR, 0, "orders") < START + DAY);
	assert_int_not_equal((second - START) / 2, first - START);
}

static void the_back_off_is_never_more_than_a_tenth_of_what_remains(void **state)
{
	static const struct {
		int64_t remains, most;
	} rows[] = {
		{ DAY, 144 * MINUTE },
		{ HOUR, 6 * MINUTE },
		{ 10 * MINUTE, MINUTE },
		{ MINUTE, MINUTE },
		{ 0, MINUTE },
		{ -YEAR, MINUTE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		int64_t end = START + rows[i].remains;

		assert_int_equal(
		    schedule_next_attempt(START, 20, end, 0, "orders") - START, rows[i].most);
		assert_int_equal(
		    schedule_next_attempt(START, 1, end, YEAR, "orders") - START, rows[i].most);
	}
}

static void what_the_other_side_asks_for_is_honoured_within_the_maximum(void **state)
{
	const int64_t end = START + 10 * YEAR;

	(void)state;
	assert_int_equal(schedule_next_attempt(START, 1, end, 3600, "s"), START + 3600);
	assert_int_equal(schedule_next_attempt(START, 1, end, DAY, "s"), START + DAY);
	assert_int_equal(schedule_next_attempt(START, 1, end, 2 * DAY, "s"), START + DAY);
	assert_int_equal(schedule_next_attempt(START, 1, end, INT64_MAX, "s"), START + DAY);
	/* Sooner than the own back-off is not what it can ask for. */
	assert_int_equal(schedule_next_attempt(START, 9, end, 1, "s"),
	    schedule_next_attempt(START, 9, end, 0, "s"));
	assert_int_equal(schedule_next_attempt(START, 9, end, INT64_MIN, "s"),
	    schedule_next_attempt(START, 9, end, 0, "s"));
}

static void moments_at_the_ends_of_time_overflow_nothing(void **state)
{
	(void)state;
	assert_int_equal(schedule_next_attempt(INT64_MAX, 30, INT64_MIN, 0, "s"), INT64_MAX);
	assert_true(schedule_next_attempt(INT64_MIN, 30, INT64_MAX, INT64_MAX, "s")
		    <= INT64_MIN + SCHEDULE_BACKOFF_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_back_off_doubles_from_a_minute_to_a_day),
		cmocka_unit_test(two_identities_and_two_failures_are_jittered_apart),
		cmocka_unit_test(the_back_off_is_never_more_than_a_tenth_of_what_remains),
		cmocka_unit_test(what_the_other_side_asks_for_is_honoured_within_the_maximum),
		cmocka_unit_test(moments_at_the_ends_of_time_overflow_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
