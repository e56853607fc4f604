#include "base/window.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "base/scoped.h"
#include "base/text.h"
#include "base/zone.h"
#include "tests/unit/test.h"
#include "tests/unit/time_units.h"

#include <string.h>

/* Moments at which the clocks are set, and the offset from then on. */
struct jumps {
	struct zone zone;
	struct {
		int64_t moment, offset;
	} at[3];
};

static int64_t offset_by_jumps(const struct zone *zone, int64_t moment)
{
	const struct jumps *jumps = (const struct jumps *)zone;
	int64_t offset = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(jumps->at); i++)
		if (jumps->at[i].moment != 0 && moment >= jumps->at[i].moment)
			offset = jumps->at[i].offset;
	return offset;
}

static int64_t moment(const char *text)
{
	int64_t seconds = 0;

	assert_true(clock_parse(text, &seconds));
	return seconds;
}

/* Berlin in 2027: set forward on 28 March, back on 31 October, both at 01:00 UTC, Sundays. */
static struct jumps berlin(void)
{
	return (struct jumps){
		{ offset_by_jumps },
		{
		    { 1, HOUR },
		    { moment("2027-03-28T01:00:00Z"), 2 * HOUR },
		    { moment("2027-10-31T01:00:00Z"), HOUR },
		},
	};
}

static struct jumps utc(void)
{
	return (struct jumps){ .zone = { offset_by_jumps } };
}

static struct windows parsed(const char *text)
{
	struct windows windows = { .count = 0 };
	struct error error = ERROR_INIT;

	assert_ok(windows_parse(text, &windows, &error), &error);
	return windows;
}

static void windows_are_days_and_times(void **state)
{
	static const struct {
		const char *text, *formatted;
	} rows[] = {
		{ "02:00-04:00", "02:00-04:00" },
		{ "Mon-Fri 02:00-04:00, Sat 22:00-06:00", "Mon-Fri 02:00-04:00, Sat 22:00-06:00" },
		{ "  Sat-Mon\t00:00-24:00  ,Wed   23:59-00:00 ",
		    "Sat-Mon 00:00-24:00, Wed 23:59-00:00" },
		{ "Mon-Sun 01:00-02:00", "01:00-02:00" },
		{ "Fri-Fri 01:00-02:00", "Fri 01:00-02:00" },
		{ "Tue-Mon 01:00-02:00", "Tue-Mon 01:00-02:00" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct windows windows = parsed(rows[i].text);
		scoped(char) char *formatted = windows_format(&windows);
		struct windows again = parsed(formatted);

		assert_string_equal(formatted, rows[i].formatted);
		assert_memory_equal(&again, &windows, sizeof(windows));
	}
}

static void what_is_no_window_is_refused_with_what_is_expected(void **state)
{
	static const char times[] = "needs its times as HH:MM-HH:MM, such as 02:00-04:00";
	static const char days[] =
	    "has no such day: they are Mon, Tue, Wed, Thu, Fri, Sat, Sun, or "
	    "two of these with a - between them";
	static const char clock[] = "has a time that no clock shows: 00:00 to 24:00 are possible";
	const struct {
		const char *text;
		int number;
		const char *problem;
	} rows[] = {
		{ "", 1, days },
		{ "secret", 1, days },
		{ "mon 01:00-02:00", 1, days },
		{ "Mon,Tue 01:00-02:00", 1, "needs a blank between its days and its times" },
		{ "Monday 01:00-02:00", 1, "needs a blank between its days and its times" },
		{ "Mon - Fri 01:00-02:00", 1, times },
		{ "Mon-Fr 01:00-02:00", 1, days },
		{ "Mon", 1, "needs a blank between its days and its times" },
		{ "Mon ", 1, times },
		{ "1:00-02:00", 1, times },
		{ "01:00", 1, times },
		{ "01:00 - 02:00", 1, times },
		{ "01:00-2", 1, times },
		{ "01.00-02.00", 1, times },
		{ "01:60-02:00", 1, clock },
		{ "01:00-24:01", 1, clock },
		{ "25:00-02:00", 1, clock },
		{ "24:00-02:00", 1, "begins at 24:00: that is 00:00 of the day that follows" },
		{ "02:00-02:00", 1, "ends as it begins: 00:00-24:00 is a whole day" },
		{ "01:00-02:00,", 2, days },
		{ "01:00-02:00,,01:00-02:00", 2, days },
		{ "01:00-02:00; 03:00-04:00", 1,
		    "is not at its end after its times: a comma goes between two" },
		{ "01:00-02:00, 03:00-04:00 x", 2,
		    "is not at its end after its times: a comma goes between two" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct windows windows = { .count = 77 };
		struct error error = ERROR_INIT;
		char expected[256];

		assert_refused(windows_parse(rows[i].text, &windows, &error), &error, ERROR_CONFIG);
		text_format(
		    expected, sizeof(expected), "window %d %s", rows[i].number, rows[i].problem);
		assert_string_equal(error.message, expected);
		assert_int_equal(windows.count, 77);
	}
}

static void windows_and_their_text_have_a_limit(void **state)
{
	char text[WINDOWS_TEXT_MAX + 2] = "";
	struct windows windows;
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < WINDOWS_MAX; i++)
		strncat(text, i == 0 ? "01:00-02:00" : ",01:00-02:00", 16);
	assert_int_equal(parsed(text).count, WINDOWS_MAX);
	strncat(text, ",01:00-02:00", 16);
	assert_refused(windows_parse(text, &windows, &error), &error, ERROR_CONFIG);
	assert_string_equal(error.message, "has more than 16 windows");
	memset(text, ' ', sizeof(text) - 1);
	assert_refused(windows_parse(text, &windows, &error), &error, ERROR_CONFIG);
	assert_string_equal(error.message, "is longer than 1024 characters");
}

struct row {
	const char *windows, *from, *opens, *closes; /* opens NULL: none */
};

static void assert_rows(const struct zone *zone, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct windows windows = parsed(rows[i].windows);
		int64_t opens = 0;
		int64_t closes = 0;
		char at[2][CLOCK_TEXT_SIZE];
		bool found = windows_next(&windows, zone, moment(rows[i].from), &opens, &closes);

		clock_format(opens, at[0]);
		clock_format(closes, at[1]);
		if (found != (rows[i].opens != NULL)
		    || (found
			&& (strcmp(at[0], rows[i].opens) != 0
			    || strcmp(at[1], rows[i].closes) != 0)))
			fail_msg("%s from %s: %s, %s", rows[i].windows, rows[i].from,
			    found ? at[0] : "none", at[1]);
	}
}

/* 2027-01-04 is a Monday. */
static void the_next_window_opens_on_its_day_and_may_cross_midnight(void **state)
{
	static const struct row rows[] = {
		{ "02:00-04:00", "2027-01-04T00:00:00Z", "2027-01-04T02:00:00Z",
		    "2027-01-04T04:00:00Z" },
		{ "02:00-04:00", "2027-01-04T03:00:00Z", "2027-01-04T03:00:00Z",
		    "2027-01-04T04:00:00Z" },
		{ "02:00-04:00", "2027-01-04T04:00:00Z", "2027-01-05T02:00:00Z",
		    "2027-01-05T04:00:00Z" },
		{ "Mon-Fri 02:00-04:00", "2027-01-08T04:00:00Z", "2027-01-11T02:00:00Z",
		    "2027-01-11T04:00:00Z" },
		{ "Sat 22:00-06:00", "2027-01-04T00:00:00Z", "2027-01-09T22:00:00Z",
		    "2027-01-10T06:00:00Z" },
		{ "Sat 22:00-06:00", "2027-01-10T05:59:59Z", "2027-01-10T05:59:59Z",
		    "2027-01-10T06:00:00Z" },
		{ "Sun 22:00-06:00", "2027-01-10T23:00:00Z", "2027-01-10T23:00:00Z",
		    "2027-01-11T06:00:00Z" },
		{ "Sat-Mon 01:00-02:00", "2027-01-04T02:00:00Z", "2027-01-09T01:00:00Z",
		    "2027-01-09T02:00:00Z" },
		/* Windows that touch or overlap are one. */
		{ "Mon 20:00-24:00, Tue 00:00-03:00", "2027-01-04T00:00:00Z",
		    "2027-01-04T20:00:00Z", "2027-01-05T03:00:00Z" },
		{ "Sat-Sun 00:00-24:00", "2027-01-04T00:00:00Z", "2027-01-09T00:00:00Z",
		    "2027-01-11T00:00:00Z" },
		/* One that never closes is cut where nobody looks any further. */
		{ "00:00-24:00", "2027-01-04T00:00:00Z", "2027-01-04T00:00:00Z",
		    "2027-01-19T00:00:00Z" },
	};
	struct jumps zone = utc();

	(void)state;
	assert_rows(&zone.zone, rows, ARRAY_LENGTH(rows));
}

static void a_window_follows_the_clock_on_the_wall(void **state)
{
	static const struct row rows[] = {
		{ "02:00-04:00", "2027-01-04T00:00:00Z", "2027-01-04T01:00:00Z",
		    "2027-01-04T03:00:00Z" },
		{ "02:00-04:00", "2027-07-05T01:00:00Z", "2027-07-05T01:00:00Z",
		    "2027-07-05T02:00:00Z" },
		{ "Mon 00:00-01:00", "2027-07-04T12:00:00Z", "2027-07-04T22:00:00Z",
		    "2027-07-04T23:00:00Z" },
		/* 02:00 to 03:00 is left out on 28 March: what is left of the window. */
		{ "01:30-03:30", "2027-03-28T00:00:00Z", "2027-03-28T00:30:00Z",
		    "2027-03-28T01:30:00Z" },
		{ "02:30-04:00", "2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z",
		    "2027-03-28T02:00:00Z" },
		/* All of it is left out: the day after, the week after. */
		{ "02:00-03:00", "2027-03-28T00:00:00Z", "2027-03-29T00:00:00Z",
		    "2027-03-29T01:00:00Z" },
		{ "Sun 02:10-02:50", "2027-03-22T00:00:00Z", "2027-04-04T00:10:00Z",
		    "2027-04-04T00:50:00Z" },
		/* 02:00 to 03:00 is shown twice on 31 October. */
		{ "02:00-03:00", "2027-10-30T12:00:00Z", "2027-10-31T00:00:00Z",
		    "2027-10-31T02:00:00Z" },
		{ "02:00-02:30", "2027-10-30T12:00:00Z", "2027-10-31T00:00:00Z",
		    "2027-10-31T00:30:00Z" },
		{ "02:00-02:30", "2027-10-31T00:30:00Z", "2027-10-31T01:00:00Z",
		    "2027-10-31T01:30:00Z" },
	};
	struct jumps zone = berlin();

	(void)state;
	assert_rows(&zone.zone, rows, ARRAY_LENGTH(rows));
}

static void moments_outside_of_the_calendar_have_no_window(void **state)
{
	struct windows windows = parsed("00:00-24:00");
	struct jumps zone = utc();
	int64_t opens, closes;

	(void)state;
	assert_false(windows_next(&windows, &zone.zone, -1, &opens, &closes));
	assert_false(windows_next(&windows, &zone.zone, INT64_MIN, &opens, &closes));
	assert_false(windows_next(&windows, &zone.zone, INT64_MAX, &opens, &closes));
	windows.count = 0;
	assert_false(windows_next(&windows, &zone.zone, DAY, &opens, &closes));
}

static void the_hosts_zone_is_that_of_the_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
	assert_int_equal(
	    zone_of_host()->offset(zone_of_host(), moment("2027-01-04T00:00:00Z")), HOUR);
	assert_int_equal(
	    zone_of_host()->offset(zone_of_host(), moment("2027-07-04T00:00:00Z")), 2 * HOUR);
	assert_int_equal(setenv("TZ", "UTC0", 1), 0);
	assert_int_equal(zone_of_host()->offset(zone_of_host(), moment("2027-07-04T00:00:00Z")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_days_and_times),
		cmocka_unit_test(what_is_no_window_is_refused_with_what_is_expected),
		cmocka_unit_test(windows_and_their_text_have_a_limit),
		cmocka_unit_test(the_next_window_opens_on_its_day_and_may_cross_midnight),
		cmocka_unit_test(a_window_follows_the_clock_on_the_wall),
		cmocka_unit_test(moments_outside_of_the_calendar_have_no_window),
		cmocka_unit_test(the_hosts_zone_is_that_of_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
