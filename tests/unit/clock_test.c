#include "base/clock.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY 86400
#define LAST_SECOND 253402300799 /* 9999-12-31T23:59:59Z */

static void assert_moment(const char *text, int64_t seconds)
{
	char formatted[CLOCK_TEXT_SIZE];
	int64_t parsed = -1;

	assert_true(clock_parse(text, &parsed));
	assert_int_equal(parsed, seconds);
	clock_format(seconds, formatted);
	assert_string_equal(formatted, text);
}

static void known_moments_are_read_and_written(void **state)
{
	(void)state;
	assert_moment("1970-01-01T00:00:00Z", 0);
	assert_moment("2000-02-29T12:34:56Z", 951827696);
	assert_moment("2026-11-20T21:59:54Z", 1795211994);
	assert_moment("2038-01-19T03:14:08Z", 2147483648);
	assert_moment("9999-12-31T23:59:59Z", LAST_SECOND);
}

/* Steps of 13 days and some seconds meet each month of each year. */
static void the_calendar_is_that_of_the_c_library(void **state)
{
	(void)state;
	for (int64_t seconds = 0; seconds <= LAST_SECOND; seconds += 13 * DAY + 86399) {
		time_t moment = (time_t)seconds;
		char text[CLOCK_TEXT_SIZE];
		struct tm broken_down;

		assert_non_null(gmtime_r(&moment, &broken_down));
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken_down);
		assert_moment(text, seconds);
	}
}

static void the_time_zone_plays_no_part(void **state)
{
	(void)state;
	setenv("TZ", "Pacific/Kiritimati", 1);
	tzset();
	assert_moment("2026-11-20T21:59:54Z", 1795211994);
	unsetenv("TZ");
	tzset();
}

static void what_is_not_exactly_a_moment_is_refused(void **state)
{
	static const char *const refused[] = {
		"",
		"2026-11-20",
		"2026-11-20T21:59:54",
		"2026-11-20T21:59:54z",
		"2026-11-20t21:59:54Z",
		"2026-11-20 21:59:54Z",
		"2026-11-20T21:59:54+00:00",
		"2026-11-20T21:59:54.0Z",
		"2026-11-20T21:59:54Z ",
		" 2026-11-20T21:59:54Z",
		"2026-11-20T21:59:5Z",
		"2026-11-20T21:59:+4Z",
		"2026-11-20T21:59: 4Z",
		"2026/11/20T21:59:54Z",
		"20261-1-20T21:59:54Z",
		"1969-12-31T23:59:59Z",
		"0000-01-01T00:00:00Z",
		"-026-11-20T21:59:54Z",
		"2026-00-20T21:59:54Z",
		"2026-13-20T21:59:54Z",
		"2026-11-00T21:59:54Z",
		"2026-11-31T21:59:54Z",
		"2026-02-30T21:59:54Z",
		"2026-02-29T21:59:54Z",
		"2100-02-29T21:59:54Z",
		"2026-11-20T24:00:00Z",
		"2026-11-20T21:60:54Z",
		"2026-06-30T23:59:60Z",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		int64_t seconds = 4711;

		if (clock_parse(refused[i], &seconds))
			fail_msg("\"%s\" was accepted", refused[i]);
		assert_int_equal(seconds, 4711);
	}
}

static void leap_years_follow_the_rule_of_400(void **state)
{
	int64_t seconds;

	(void)state;
	assert_true(clock_parse("2028-02-29T00:00:00Z", &seconds));
	assert_true(clock_parse("2400-02-29T00:00:00Z", &seconds));
	assert_false(clock_parse("2200-02-29T00:00:00Z", &seconds));
}

static void moments_before_1970_and_beyond_9999_are_written_within_four_digits(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ -1, "1969-12-31T23:59:59Z" },
		{ -631152000, "1950-01-01T00:00:00Z" },
		{ -62167219200, "0000-01-01T00:00:00Z" },
		{ INT64_MIN, "0000-01-01T00:00:00Z" },
		{ INT64_MAX, "9999-12-31T23:59:59Z" },
	};
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		clock_format(cases[i].seconds, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void now_is_the_hosts_time_and_milliseconds_only_grow(void **state)
{
	const struct timespec pause = { 0, 20000000 };
	int64_t before = clock_milliseconds();
	int64_t passed;

	(void)state;
	assert_in_range(clock_now() - time(NULL) + 1, 0, 2);
	nanosleep(&pause, NULL);
	passed = clock_milliseconds() - before;
	assert_in_range(passed, 19, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_moments_are_read_and_written),
		cmocka_unit_test(the_calendar_is_that_of_the_c_library),
		cmocka_unit_test(the_time_zone_plays_no_part),
		cmocka_unit_test(what_is_not_exactly_a_moment_is_refused),
		cmocka_unit_test(leap_years_follow_the_rule_of_400),
		cmocka_unit_test(
		    moments_before_1970_and_beyond_9999_are_written_within_four_digits),
		cmocka_unit_test(now_is_the_hosts_time_and_milliseconds_only_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
