#include "agent/state/schedule.h"

#include "base/text.h"
#include "base/window.h"
#include "base/zone.h"
#include "tests/unit/test.h"
#include "tests/unit/time_units.h"

#include <math.h>

#define START INT64_C(1800000000)

static struct schedule_input certificate(int64_t leaf_lifetime, int64_t ca_lifetime)
{
	int64_t shorter = ca_lifetime < leaf_lifetime ? ca_lifetime : leaf_lifetime;

	return (struct schedule_input){
		.not_before = START,
		.leaf_end = START + leaf_lifetime,
		.earliest_end = START + shorter,
		.lifetime_fraction = 2.0 / 3,
		.common_name = "4f1c",
		.identity = "orders",
	};
}

static void a_certificate_is_due_at_two_thirds_of_what_ends_first(void **state)
{
	static const struct {
		int64_t leaf, ca, due;
	} rows[] = {
		{ 10 * MINUTE, YEAR, 400 },
		{ DAY, YEAR, 16 * HOUR },
		{ 90 * DAY, 92 * DAY, 60 * DAY },
		{ 90 * DAY, 30 * DAY, 20 * DAY },
		{ 10 * YEAR, 20 * YEAR, 210240000 },
		{ 90 * DAY, 0, 0 },
		{ 90 * DAY, -DAY, 0 },
		{ 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct schedule_input input = certificate(rows[i].leaf, rows[i].ca);
		struct schedule schedule = schedule_due(&input);

		/* 2.0 / 3 is a little less than two thirds. */
		assert_in_range(schedule.due + 1 - START, rows[i].due, rows[i].due + 1);
		assert_false(schedule.limited_by_ca);
	}
}

/*
 * The cases of the Compass Runtime Agent's TestCompassConnection_ShouldRenewCertificate, whose
 * threshold is that less than 30 % of the lifetime is left. Its "renew now" and its minimal time
 * between two synchronisations are the caller's here.
 */
static void compass_runtime_agents_cases_come_out_the_same(void **state)
{
	static const struct {
		int64_t lifetime, left;
		bool is_due;
	} rows[] = {
		{ 3000 * HOUR, 2000 * HOUR, false },
		{ 3000 * HOUR, 0, true },
		{ 3000 * HOUR, 800 * HOUR, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct schedule_input input = certificate(rows[i].lifetime, 10 * YEAR);
		int64_t now = input.leaf_end - rows[i].left;

		input.lifetime_fraction = 0.7;
		assert_int_equal(now >= schedule_due(&input).due, rows[i].is_due);
	}
}

static void a_ca_that_ends_first_is_not_asked_again_before_a_tenth_of_the_leafs_life(void **state)
{
	static const struct {
		int64_t leaf, ca;
		bool same_issuer;
		int64_t due;
		bool limited;
	} rows[] = {
		{ 90 * DAY, 6 * DAY, true, 9 * DAY, true },
		{ 90 * DAY, 6 * DAY, false, 4 * DAY, false },
		{ 90 * DAY, 30 * DAY, true, 20 * DAY, false },
		{ 90 * DAY, 0, true, 9 * DAY, true },
		{ 90 * DAY, -DAY, true, 9 * DAY, true },
		{ 90 * DAY, -DAY, false, 0, false },
		{ 90 * DAY, 92 * DAY, true, 60 * DAY, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct schedule_input input = certificate(rows[i].leaf, rows[i].ca);
		struct schedule schedule;

		input.same_issuer = rows[i].same_issuer;
		schedule = schedule_due(&input);
		assert_in_range(schedule.due + 1 - START, rows[i].due, rows[i].due + 1);
		assert_int_equal(schedule.limited_by_ca, rows[i].limited);
	}
}

static void what_is_not_to_be_used_any_longer_is_due_now_in_or_out_of_a_window(void **state)
{
	struct schedule_input input = certificate(90 * DAY, 6 * DAY);
	struct windows night = { .count = 0 };
	struct error error = ERROR_INIT;
	struct schedule schedule;

	(void)state;
	assert_ok(windows_parse("02:00-02:01", &night, &error), &error);
	input.same_issuer = true;
	input.at_once = true;
	schedule = schedule_due(&input);
	assert_int_equal(schedule.due, START);
	assert_false(schedule.limited_by_ca);
	assert_int_equal(schedule_start(&schedule, &night, zone_of_host(), START), START);
}

static void a_leaf_that_ends_first_is_never_held_back(void **state)
{
	struct schedule_input input = certificate(90 * DAY, 90 * DAY);

	(void)state;
	input.same_issuer = true;
	input.lifetime_fraction = 0.01;
	assert_false(schedule_due(&input).limited_by_ca);
	assert_true(schedule_due(&input).due <= START + DAY);
}

static void the_jitter_is_earlier_by_at_most_its_part_and_stays_the_same(void **state)
{
	struct schedule_input input = certificate(90 * DAY, YEAR);
	int64_t due;

	(void)state;
	input.jitter = 0.1;
	due = schedule_due(&input).due;
	assert_int_equal(schedule_due(&input).due, due);
	for (int i = 0; i < 1000; i++) {
		char name[16];

		assert_true(text_format(name, sizeof(name), "host-%d", i));
		input.common_name = name;
		due = schedule_due(&input).due;
		assert_in_range(due, START + 51 * DAY, START + 60 * DAY);
	}
}

static void a_fleet_spreads_out_evenly(void **state)
{
	struct schedule_input input = certificate(90 * DAY, YEAR);
	int days[9] = { 0 };

	(void)state;
	input.jitter = 0.1;
	for (int i = 0; i < 9000; i++) {
		char name[16];

		assert_true(text_format(name, sizeof(name), "host-%d", i));
		input.common_name = name;
		days[(schedule_due(&input).due - START - 51 * DAY) / DAY]++;
	}
	for (int i = 0; i < 9; i++)
		assert_in_range(days[i], 850, 1150);
}

static void name_and_identity_both_decide_the_jitter(void **state)
{
	static const char *const names[][2] = { { "ab", "c" }, { "a", "bc" }, { "", "abc" },
		{ "abc", "" }, { NULL, NULL } };
	int64_t due[ARRAY_LENGTH(names)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct schedule_input input = certificate(YEAR, YEAR);

		input.jitter = 0.1;
		input.common_name = names[i][0];
		input.identity = names[i][1];
		due[i] = schedule_due(&input).due;
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(due[i], due[j]);
	}
}

static void dates_and_parts_without_sense_overflow_nothing(void **state)
{
	static const int64_t moments[] = { INT64_MIN, -1, 0, 1, START, INT64_MAX - 1, INT64_MAX };
	static const double parts[] = { -1, 0, 0.5, 1, 2, INFINITY, -INFINITY, NAN };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(moments) * ARRAY_LENGTH(moments); i++) {
		for (size_t j = 0; j < ARRAY_LENGTH(parts) * ARRAY_LENGTH(parts); j++) {
			struct schedule_input input = {
				.not_before = moments[i % ARRAY_LENGTH(moments)],
				.leaf_end = moments[i / ARRAY_LENGTH(moments)],
				.earliest_end = moments[i / ARRAY_LENGTH(moments)] / 2,
				.same_issuer = i % 2 == 0,
				.lifetime_fraction = parts[j % ARRAY_LENGTH(parts)],
				.jitter = parts[j / ARRAY_LENGTH(parts)],
			};

			assert_true(schedule_due(&input).due >= input.not_before);
		}
	}
}

static void what_is_brought_forward_is_due_within_the_spread_and_never_later(void **state)
{
	const struct schedule_input input = certificate(90 * DAY, YEAR);
	const struct schedule regular = schedule_due(&input);
	struct schedule schedule = regular;

	(void)state;
	schedule_bring_forward(&schedule, START + 10 * DAY, 4 * HOUR, 0);
	assert_in_range(schedule.due, START + 10 * DAY, START + 10 * DAY + 4 * HOUR);
	assert_true(
	    fabs((double)(schedule.due - START - 10 * DAY) - schedule.share * 4 * 3600) <= 1);
	assert_int_equal(schedule.regular, regular.due);
	assert_int_equal(schedule.latest, regular.latest);

	schedule = regular;
	schedule_bring_forward(&schedule, START + 10 * DAY, 0, START + 11 * DAY);
	assert_int_equal(schedule.due, START + 11 * DAY);

	schedule = regular;
	schedule_bring_forward(&schedule, regular.due, 4 * HOUR, 0);
	assert_int_equal(schedule.due, regular.due);
	assert_int_equal(schedule.regular, 0);
	schedule_bring_forward(&schedule, INT64_MAX - 1, INT64_MAX, 0);
	assert_int_equal(schedule.due, regular.due);
}

/* It would allow more and more of them otherwise. */
static void the_ceiling_stays_that_of_the_regular_date(void **state)
{
	const struct schedule_input input = certificate(90 * DAY, YEAR);
	struct schedule schedule = schedule_due(&input);
	const uint32_t most = schedule_certificates_per_day(&schedule, START, 0);

	(void)state;
	schedule_bring_forward(&schedule, START, 60, 0);
	assert_int_equal(schedule_certificates_per_day(&schedule, START, 0), most);
}

static void a_daily_moment_is_once_a_day_and_half_a_day_after_the_last_at_least(void **state)
{
	static const double shares[] = { 0, 0.25, 0.9999 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(shares); i++) {
		const struct schedule schedule = { .share = shares[i] };
		const int64_t first = schedule_daily(&schedule, START);
		int64_t late;

		assert_in_range(first, START + DAY / 2, START + DAY * 3 / 2 - 1);
		assert_int_equal(first % DAY, (int64_t)(shares[i] * DAY));
		assert_int_equal(schedule_daily(&schedule, first), first + DAY);
		/* A timer that comes by every hour does not move it. */
		assert_int_equal(schedule_daily(&schedule, first + HOUR), first + DAY);
		late = first + DAY / 2 + 1;
		assert_int_equal(schedule_daily(&schedule, late), first + 2 * DAY);
	}
	assert_true(schedule_daily(&(struct schedule){ .share = 0.5 }, INT64_MAX - 1) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_is_due_at_two_thirds_of_what_ends_first),
		cmocka_unit_test(compass_runtime_agents_cases_come_out_the_same),
		cmocka_unit_test(
		    a_ca_that_ends_first_is_not_asked_again_before_a_tenth_of_the_leafs_life),
		cmocka_unit_test(
		    what_is_not_to_be_used_any_longer_is_due_now_in_or_out_of_a_window),
		cmocka_unit_test(a_leaf_that_ends_first_is_never_held_back),
		cmocka_unit_test(the_jitter_is_earlier_by_at_most_its_part_and_stays_the_same),
		cmocka_unit_test(a_fleet_spreads_out_evenly),
		cmocka_unit_test(name_and_identity_both_decide_the_jitter),
		cmocka_unit_test(what_is_brought_forward_is_due_within_the_spread_and_never_later),
		cmocka_unit_test(the_ceiling_stays_that_of_the_regular_date),
		cmocka_unit_test(
		    a_daily_moment_is_once_a_day_and_half_a_day_after_the_last_at_least),
		cmocka_unit_test(dates_and_parts_without_sense_overflow_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
