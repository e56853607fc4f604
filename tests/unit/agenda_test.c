#include "agent/daemon/agenda.h"

#include "agent/policy.h"
#include "tests/unit/test.h"
#include "tests/unit/time_units.h"

#define NOW INT64_C(1800000000)
#define STEADY INT64_C(5000000) /* milliseconds of the other clock */
#define SECOND 1000

static struct moment renewal(int64_t at, int64_t due)
{
	return (struct moment){ at, MOMENT_RENEWAL, due };
}

static struct moment nothing(void)
{
	return (struct moment){ INT64_MAX, MOMENT_NONE, INT64_MAX };
}

static struct appointment watched(struct moment moment)
{
	return (struct appointment){ .moment = moment, .watched = true };
}

static int64_t start(const struct appointment *appointment, int64_t catch_up)
{
	const struct agenda agenda = { NULL, 0, catch_up };

	return agenda_start(&agenda, appointment, NOW, STEADY);
}

static void one_begins_at_its_moment_and_at_once_when_that_has_passed(void **state)
{
	const struct appointment ahead = watched(renewal(NOW + HOUR, NOW + HOUR));
	const struct appointment late = watched(renewal(NOW - 5, NOW - 5));
	const struct appointment none = watched(nothing());

	(void)state;
	assert_int_equal(start(&ahead, 0), NOW + HOUR);
	assert_int_equal(start(&late, 0), NOW);
	assert_int_equal(start(&none, 0), INT64_MAX);
}

static void what_is_long_overdue_waits_for_the_hosts_share(void **state)
{
	const struct appointment months = watched(renewal(NOW, NOW - 90 * DAY));
	const struct appointment minutes = watched(renewal(NOW, NOW - POLICY_OVERDUE));
	struct appointment begun = months;

	(void)state;
	begun.moment.kind = MOMENT_BEGUN;
	assert_int_equal(start(&months, NOW + 77), NOW + 77);
	assert_int_equal(start(&months, NOW - 1), NOW);
	assert_int_equal(start(&minutes, NOW + 77), NOW);
	assert_int_equal(start(&begun, NOW + 77), NOW);
}

static void the_share_follows_from_the_tag(void **state)
{
	(void)state;
	assert_int_equal(agenda_catch_up("00000000", NOW), NOW);
	assert_int_equal(agenda_catch_up("80000000", NOW), NOW + POLICY_CATCH_UP / 2);
	assert_int_equal(agenda_catch_up("ffffffff", NOW), NOW + POLICY_CATCH_UP - 1);
	assert_int_equal(agenda_catch_up("", NOW), NOW);
}

static void a_try_that_helped_leaves_no_rest_but_the_least(void **state)
{
	struct appointment appointment = watched(renewal(NOW, NOW));

	(void)state;
	appointment_tried(&appointment, STEADY);
	appointment_note(&appointment, renewal(NOW + 1, NOW + 1), NOW, STEADY);
	assert_int_equal(start(&appointment, 0), NOW + POLICY_TRIES_APART);
	appointment_note(&appointment, renewal(NOW + HOUR, NOW + HOUR), NOW, STEADY);
	assert_int_equal(start(&appointment, 0), NOW + HOUR);
}

/* As with a PIN that is latched: the moment stays where it was. */
static void tries_that_are_of_no_use_come_less_and_less_often(void **state)
{
	static const int64_t rests[] = { 60, 120, 240, 480, 960, 1920, 3600, 3600 };
	struct appointment appointment = watched(renewal(NOW, NOW));

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rests); i++) {
		appointment_tried(&appointment, STEADY);
		appointment_note(&appointment, renewal(NOW, NOW), NOW, STEADY);
		assert_int_equal(start(&appointment, 0), NOW + rests[i]);
		/* Looks without a try change nothing. */
		appointment_note(&appointment, renewal(NOW, NOW), NOW, STEADY + SECOND);
		assert_int_equal(start(&appointment, 0), NOW + rests[i]);
	}
	appointment_forget(&appointment);
	assert_int_equal(start(&appointment, 0), NOW);
}

static void a_jump_of_the_wall_clock_does_not_shorten_a_rest(void **state)
{
	struct appointment appointment = watched(renewal(NOW, NOW));
	const struct agenda agenda = { &appointment, 1, 0 };
	const int64_t jumped = NOW + 30 * DAY;

	(void)state;
	appointment_tried(&appointment, STEADY);
	appointment_note(&appointment, renewal(NOW, NOW), NOW, STEADY);
	assert_int_equal(agenda_start(&agenda, &appointment, jumped, STEADY + 1500), jumped + 59);
	assert_int_equal(agenda_start(&agenda, &appointment, NOW - DAY, STEADY), NOW);
}

static void a_host_was_away_when_its_wall_clock_went_on_by_itself(void **state)
{
	(void)state;
	assert_false(agenda_was_away(30 * DAY, 30 * DAY * SECOND));
	assert_false(agenda_was_away(POLICY_OVERDUE, 0));
	assert_true(agenda_was_away(POLICY_OVERDUE + 1, 0));
	assert_true(agenda_was_away(DAY, 60 * SECOND));
	assert_false(agenda_was_away(-DAY, 60 * SECOND));
}

static void one_that_another_run_is_at_work_on_is_come_back_to(void **state)
{
	struct appointment appointment = watched(renewal(NOW, NOW));

	(void)state;
	appointment_note_busy(&appointment, true, STEADY);
	assert_int_equal(start(&appointment, 0), NOW + POLICY_TRIES_APART);
	appointment_note_busy(&appointment, false, STEADY);
	assert_int_equal(start(&appointment, 0), NOW);
	appointment.rest = STEADY + 60 * SECOND;
	appointment_note_busy(&appointment, true, STEADY);
	assert_int_equal(start(&appointment, 0), NOW + 60);
}

static void the_first_is_the_one_that_begins_first(void **state)
{
	struct appointment list[] = { watched(nothing()), watched(renewal(NOW + 9, NOW + 9)),
		watched(renewal(NOW + 5, NOW + 5)) };
	const struct agenda agenda = { list, ARRAY_LENGTH(list), 0 };
	const struct agenda none = { list, 1, 0 };

	(void)state;
	assert_ptr_equal(agenda_first(&agenda, NOW, STEADY), &list[2]);
	list[2].rest = STEADY + 20 * SECOND;
	assert_ptr_equal(agenda_first(&agenda, NOW, STEADY), &list[1]);
	assert_null(agenda_first(&none, NOW, STEADY));
}

static void it_sleeps_a_day_at_most_and_an_hour_when_it_cannot_watch(void **state)
{
	struct appointment list[] = { watched(nothing()),
		watched(renewal(NOW + 90 * DAY, NOW + 90 * DAY)) };
	const struct agenda agenda = { list, ARRAY_LENGTH(list), 0 };

	(void)state;
	assert_int_equal(agenda_wake(&agenda, NOW, STEADY), NOW + DAY);
	list[0].watched = false;
	assert_int_equal(agenda_wake(&agenda, NOW, STEADY), NOW + HOUR);
	list[1].moment = renewal(NOW + 3, NOW + 3);
	assert_int_equal(agenda_wake(&agenda, NOW, STEADY), NOW + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_begins_at_its_moment_and_at_once_when_that_has_passed),
		cmocka_unit_test(what_is_long_overdue_waits_for_the_hosts_share),
		cmocka_unit_test(the_share_follows_from_the_tag),
		cmocka_unit_test(a_try_that_helped_leaves_no_rest_but_the_least),
		cmocka_unit_test(tries_that_are_of_no_use_come_less_and_less_often),
		cmocka_unit_test(a_jump_of_the_wall_clock_does_not_shorten_a_rest),
		cmocka_unit_test(a_host_was_away_when_its_wall_clock_went_on_by_itself),
		cmocka_unit_test(one_that_another_run_is_at_work_on_is_come_back_to),
		cmocka_unit_test(the_first_is_the_one_that_begins_first),
		cmocka_unit_test(it_sleeps_a_day_at_most_and_an_hour_when_it_cannot_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
