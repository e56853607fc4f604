#include "agent/state/schedule.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "base/window.h"
#include "base/zone.h"
#include "tests/unit/test.h"
#include "tests/unit/time_units.h"

/* A Monday's midnight. */
#define MONDAY INT64_C(1799020800)

static int64_t no_offset(const struct zone *zone, int64_t moment)
{
	(void)zone;
	(void)moment;
	return 0;
}

static const struct zone utc = { no_offset };

static struct windows windows_of(const char *text)
{
	struct windows windows = { .count = 0 };
	struct error error = ERROR_INIT;

	if (text[0])
		assert_ok(windows_parse(text, &windows, &error), &error);
	return windows;
}

static int64_t start(const struct schedule *schedule, const char *text, int64_t now)
{
	const struct windows windows = windows_of(text);

	return schedule_start(schedule, &windows, &utc, now);
}

static void without_windows_it_begins_when_it_is_due(void **state)
{
	const struct schedule schedule = { .due = MONDAY + 7, .latest = MONDAY + DAY };

	(void)state;
	assert_int_equal(start(&schedule, "", MONDAY), MONDAY + 7);
	assert_int_equal(start(&schedule, "", MONDAY + YEAR), MONDAY + 7);
}

static void what_is_due_in_a_window_begins_at_once(void **state)
{
	const struct schedule schedule = {
		.due = MONDAY + 3 * HOUR, .latest = MONDAY + YEAR, .share = 0.9
	};

	(void)state;
	assert_int_equal(start(&schedule, "02:00-04:00", MONDAY), schedule.due);
	assert_int_equal(start(&schedule, "02:00-04:00", schedule.due + 59 * MINUTE), schedule.due);
}

static void what_is_due_outside_waits_for_the_next_window_and_spreads_over_half_of_it(void **state)
{
	struct schedule schedule = { .due = MONDAY + HOUR, .latest = MONDAY + YEAR };

	(void)state;
	assert_int_equal(start(&schedule, "02:00-04:00", MONDAY), MONDAY + 2 * HOUR);
	schedule.share = 0.5;
	assert_int_equal(start(&schedule, "02:00-04:00", MONDAY), MONDAY + 2 * HOUR + 30 * MINUTE);
	schedule.share = 0.999;
	assert_true(start(&schedule, "02:00-04:00", MONDAY) < MONDAY + 3 * HOUR);
	assert_true(start(&schedule, "02:00-04:00", MONDAY) > MONDAY + 2 * HOUR + 59 * MINUTE);
	/* The moment stays the same as long as the window is open. */
	assert_int_equal(start(&schedule, "02:00-04:00", MONDAY),
	    start(&schedule, "02:00-04:00", MONDAY + 4 * HOUR - 1));
}

static void a_window_that_was_missed_is_followed_by_ones_with_half_the_spread(void **state)
{
	const struct schedule schedule = {
		.due = MONDAY + HOUR, .latest = MONDAY + YEAR, .share = 0.8
	};
	int64_t spread = 48 * MINUTE;

	(void)state;
	for (int64_t day = 0; day < 8; day++, spread /= 2)
		assert_int_equal(start(&schedule, "02:00-04:00", MONDAY + day * DAY + 4 * HOUR - 1),
		    MONDAY + day * DAY + 2 * HOUR + spread);
	/* Off for months: the window that is open, or the next one. */
	assert_int_equal(start(&schedule, "02:00-04:00", MONDAY + 90 * DAY + 3 * HOUR),
	    MONDAY + 90 * DAY + 3 * HOUR);
	assert_int_equal(start(&schedule, "02:00-04:00", MONDAY + 90 * DAY + 5 * HOUR),
	    MONDAY + 91 * DAY + 2 * HOUR);
}

/* A timer that fires once a window, early in it. */
static void a_run_once_a_window_is_served_within_days(void **state)
{
	const struct schedule schedule = {
		.due = MONDAY - HOUR, .latest = MONDAY + YEAR, .share = 0.999
	};
	int64_t day = 0;
	int64_t now;

	(void)state;
	do
		now = MONDAY + day++ * DAY + 2 * HOUR + 5 * MINUTE;
	while (start(&schedule, "02:00-04:00", now) > now);
	assert_int_equal(day, 5);
}

static void the_safety_margin_passes_over_every_window(void **state)
{
	struct schedule schedule = {
		.due = MONDAY + HOUR, .latest = MONDAY + 2 * DAY, .share = 0.5
	};

	(void)state;
	assert_int_equal(start(&schedule, "Sun 02:00-04:00", MONDAY), schedule.latest);
	/* The spread may not lead behind it either. */
	schedule.latest = MONDAY + 2 * HOUR + 10 * MINUTE;
	assert_int_equal(start(&schedule, "02:00-04:00", MONDAY), schedule.latest);
	/* Due when it has begun already: at once. */
	schedule.latest = schedule.due - 1;
	assert_int_equal(start(&schedule, "02:00-04:00", MONDAY), schedule.due);
}

static struct schedule schedule_of(int64_t lifetime)
{
	return schedule_due(&(struct schedule_input){
	    .not_before = MONDAY,
	    .leaf_end = MONDAY + lifetime,
	    .earliest_end = MONDAY + lifetime,
	    .lifetime_fraction = 2.0 / 3,
	    .jitter = 0.1,
	    .window_margin = 0.1,
	    .common_name = "4f1c",
	    .identity = "orders",
	});
}

static void from_ten_minutes_to_ten_years_it_begins_before_the_margin(void **state)
{
	static const int64_t lifetimes[] = { 10 * MINUTE, HOUR, DAY, 7 * DAY, 90 * DAY, YEAR,
		10 * YEAR };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(lifetimes); i++) {
		const struct schedule schedule = schedule_of(lifetimes[i]);
		const int64_t begins = start(&schedule, "Sat 22:00-06:00", MONDAY);
		const struct windows windows = windows_of("Sat 22:00-06:00");
		int64_t opens = 0, closes;

		assert_int_equal(schedule.latest, MONDAY + (int64_t)(0.9 * (double)lifetimes[i]));
		assert_true(begins >= schedule.due && begins <= schedule.latest);
		if (lifetimes[i] < 7 * DAY) {
			assert_int_equal(begins, schedule.latest);
			continue;
		}
		assert_true(windows_next(&windows, &utc, begins, &opens, &closes));
		assert_int_equal(opens, begins);
	}
}

static void moments_at_the_ends_of_time_lead_to_the_margin(void **state)
{
	const struct schedule late = { .due = INT64_MAX - 1, .latest = INT64_MAX };
	const struct schedule early = { .due = INT64_MIN, .latest = 5 };

	(void)state;
	assert_int_equal(start(&late, "02:00-04:00", MONDAY), INT64_MAX);
	assert_int_equal(start(&early, "02:00-04:00", MONDAY), 5);
}

static void the_ceiling_follows_from_the_life_of_the_certificate(void **state)
{
	const struct schedule minutes = { .due = MONDAY + 340 };
	const struct schedule days = { .due = MONDAY + 60 * DAY };
	const struct schedule at_once = { .due = MONDAY };

	(void)state;
	assert_int_equal(schedule_certificates_per_day(&minutes, MONDAY, 0), 763);
	assert_int_equal(schedule_certificates_per_day(&days, MONDAY, 0), 12);
	assert_int_equal(schedule_certificates_per_day(&at_once, MONDAY, 0), 4320);
	assert_int_equal(schedule_certificates_per_day(&days, MONDAY, 5), 5);
}

/* The spread of the window that the earlier date waits for must not reach beyond the regular one. */
static void what_is_brought_forward_begins_no_later_than_it_would_have(void **state)
{
	const struct schedule regular = {
		.due = MONDAY + 2 * HOUR + 10 * MINUTE, .latest = MONDAY + YEAR, .share = 0.9
	};
	struct schedule earlier = regular;

	(void)state;
	earlier.due = MONDAY - 4 * HOUR;
	earlier.regular = regular.due;
	assert_int_equal(start(&regular, "02:00-04:00", MONDAY), regular.due);
	assert_int_equal(start(&earlier, "02:00-04:00", MONDAY), regular.due);
	earlier.regular = MONDAY + 20 * DAY;
	assert_int_equal(start(&earlier, "02:00-04:00", MONDAY), MONDAY + 2 * HOUR + 54 * MINUTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_windows_it_begins_when_it_is_due),
		cmocka_unit_test(what_is_due_in_a_window_begins_at_once),
		cmocka_unit_test(what_is_brought_forward_begins_no_later_than_it_would_have),
		cmocka_unit_test(
		    what_is_due_outside_waits_for_the_next_window_and_spreads_over_half_of_it),
		cmocka_unit_test(a_window_that_was_missed_is_followed_by_ones_with_half_the_spread),
		cmocka_unit_test(a_run_once_a_window_is_served_within_days),
		cmocka_unit_test(the_safety_margin_passes_over_every_window),
		cmocka_unit_test(from_ten_minutes_to_ten_years_it_begins_before_the_margin),
		cmocka_unit_test(moments_at_the_ends_of_time_lead_to_the_margin),
		cmocka_unit_test(the_ceiling_follows_from_the_life_of_the_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
