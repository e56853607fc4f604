#include "agent/identity/moment.h"

#include "agent/policy.h"
#include "tests/unit/decision_scene.h"

static void assert_moment(
    const struct host *host, int64_t now, enum moment_kind kind, int64_t at, int64_t due)
{
	struct moment moment = moment_next(&host->identity, now);

	assert_string_equal(moment_name(moment.kind), moment_name(kind));
	assert_int_equal(moment.at, at);
	assert_int_equal(moment.due, due);
}

static void a_healthy_identity_waits_for_its_due_date(void **state)
{
	const struct host *host = *state;

	assert_moment(host, NOW, MOMENT_RENEWAL, NOW + HOUR, NOW + HOUR);
	assert_moment(host, NOW + HOUR, MOMENT_RENEWAL, NOW + HOUR, NOW + HOUR);
}

/* Off for months, or a clock that was set: it remembers since when it is late. */
static void what_has_passed_is_now(void **state)
{
	const struct host *host = *state;

	assert_moment(host, NOW + 2 * HOUR, MOMENT_RENEWAL, NOW + 2 * HOUR, NOW + HOUR);
	assert_moment(host, NOW + 90 * DAY, MOMENT_RENEWAL, NOW + 90 * DAY, NOW + HOUR);
}

/* decide_renew does nothing by a clock that lies behind the journal, unless it is due. */
static void a_clock_that_has_gone_back_waits_until_it_is_right_or_the_due_date(void **state)
{
	struct host *host = *state;
	const int64_t back = NOW - 2 * DAY;

	assert_moment(host, back, MOMENT_RENEWAL, NOW + HOUR, NOW + HOUR);
	host->identity.debts.count = 1;
	assert_moment(host, back, MOMENT_DEBT, NOW - HOUR - 300, NOW - HOUR - 300);
}

static void a_back_off_is_waited_for(void **state)
{
	struct host *host = *state;

	host->identity.journal.failures = 3;
	host->identity.journal.next_attempt = NOW + 2 * HOUR;
	assert_moment(host, NOW, MOMENT_ATTEMPT, NOW + 2 * HOUR, NOW + 2 * HOUR);
	assert_moment(host, NOW + 3 * HOUR, MOMENT_ATTEMPT, NOW + 3 * HOUR, NOW + 3 * HOUR);
}

static void a_back_off_that_a_jumped_clock_wrote_is_not(void **state)
{
	struct host *host = *state;

	host->identity.journal.failures = 3;
	host->identity.journal.next_attempt = NOW + 300 * DAY;
	host->identity.schedule.due = NOW - HOUR;
	assert_moment(host, NOW, MOMENT_ATTEMPT, NOW, NOW);
}

static void what_was_begun_goes_on_at_once(void **state)
{
	struct host *host = *state;

	host->identity.journal.phase = PHASE_ISSUED;
	assert_moment(host, NOW, MOMENT_BEGUN, NOW, NOW);
}

static void the_first_of_several_debts_counts(void **state)
{
	struct host *host = *state;
	struct debts *debts = &host->identity.debts;

	debts->count = 2;
	debts->list[0] = (struct debt){ .kind = DEBT_REVOKE, .next_attempt = NOW + 40 * MINUTE };
	debts->list[1] = (struct debt){ .kind = DEBT_STORE, .next_attempt = NOW + 20 * MINUTE };
	assert_moment(host, NOW, MOMENT_DEBT, NOW + 20 * MINUTE, NOW + 20 * MINUTE);
}

/* The key's own moment comes first, but it may not be destroyed then. */
static void a_debt_that_waits_for_another_is_not_waited_for(void **state)
{
	struct host *host = *state;
	struct debts *debts = &host->identity.debts;

	debts->count = 2;
	debts->list[0] = (struct debt){
		.kind = DEBT_REVOKE,
		.generation = 2,
		.next_attempt = NOW + 40 * MINUTE,
	};
	debts->list[1] = (struct debt){ .kind = DEBT_DESTROY_KEY, .generation = 2 };
	assert_moment(host, NOW, MOMENT_DEBT, NOW + 40 * MINUTE, NOW + 40 * MINUTE);
}

static void a_spare_key_is_tried_again_after_its_own_back_off(void **state)
{
	struct host *host = *state;

	host->settings.spare_key = true;
	host->identity.journal.spare_next_attempt = NOW + 10 * MINUTE;
	assert_moment(host, NOW, MOMENT_SPARE, NOW + 10 * MINUTE, NOW + 10 * MINUTE);
	host->identity.journal.spare_next_attempt = 0;
	assert_moment(host, NOW, MOMENT_SPARE, NOW, NOW);
}

static void a_daily_probe_has_its_moment_after_everything_else(void **state)
{
	struct host *host = *state;
	const int64_t probe = NOW - NOW % DAY + DAY / 2 + DAY;

	host->settings.probe = PROBE_DAILY;
	host->identity.schedule = (struct schedule){ .due = NOW + 30 * DAY, .share = 0.5 };
	host->identity.gateway.seen = probe - DAY;
	assert_moment(host, NOW, MOMENT_PROBE, probe, probe);
	assert_moment(host, probe + 2 * HOUR, MOMENT_PROBE, probe + 2 * HOUR, probe);
	host->identity.gateway.probe_again = NOW + 10 * MINUTE;
	host->identity.journal.rejections = 1;
	assert_moment(host, NOW, MOMENT_PROBE, NOW + 10 * MINUTE, NOW + 10 * MINUTE);
	host->identity.schedule.due = NOW + 5 * MINUTE;
	assert_moment(host, NOW, MOMENT_RENEWAL, NOW + 5 * MINUTE, NOW + 5 * MINUTE);
}

static void without_a_certificate_only_a_person_can_help(void **state)
{
	struct host *host = *state;

	host->identity.active.number = 0;
	host->identity.schedule.due = 0;
	assert_moment(host, NOW, MOMENT_NONE, INT64_MAX, INT64_MAX);
}

static void a_revoked_certificate_is_nothing_to_wait_for(void **state)
{
	struct host *host = *state;

	host->identity.active.revoked = true;
	assert_moment(host, NOW, MOMENT_NONE, INT64_MAX, INT64_MAX);
}

/* Of an enrolment that never got its certificate. */
static void a_key_that_waits_for_a_token_is_destroyed_after_its_time(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;
	const int64_t end = NOW - DAY + POLICY_KEYED_MAX + 1;

	host->identity.active.number = 0;
	host->identity.schedule.due = 0;
	*journal = (struct journal){ .phase = PHASE_KEYED, .enrolment = true, .keyed = NOW - DAY };
	assert_moment(host, NOW, MOMENT_BEGUN, end, end);
}

static void a_refused_identity_is_asked_about_again_at_the_end_of_its_back_off(void **state)
{
	struct host *host = *state;

	host->identity.journal.reenroll = true;
	host->identity.journal.rejections = 4;
	host->identity.journal.failures = 4;
	host->identity.journal.next_attempt = NOW + 30 * MINUTE;
	assert_moment(host, NOW, MOMENT_ATTEMPT, NOW + 30 * MINUTE, NOW + 30 * MINUTE);
}

static void an_identity_that_cannot_be_read_has_no_moment_of_its_own(void **state)
{
	struct host *host = *state;

	host->identity.unreadable.kind = ERROR_DAMAGED;
	assert_moment(host, NOW + 2 * HOUR, MOMENT_NONE, INT64_MAX, INT64_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, decision_set_up, decision_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_healthy_identity_waits_for_its_due_date),
		TEST(what_has_passed_is_now),
		TEST(a_clock_that_has_gone_back_waits_until_it_is_right_or_the_due_date),
		TEST(a_back_off_is_waited_for),
		TEST(a_back_off_that_a_jumped_clock_wrote_is_not),
		TEST(what_was_begun_goes_on_at_once),
		TEST(the_first_of_several_debts_counts),
		TEST(a_debt_that_waits_for_another_is_not_waited_for),
		TEST(a_spare_key_is_tried_again_after_its_own_back_off),
		TEST(a_daily_probe_has_its_moment_after_everything_else),
		TEST(without_a_certificate_only_a_person_can_help),
		TEST(a_revoked_certificate_is_nothing_to_wait_for),
		TEST(a_key_that_waits_for_a_token_is_destroyed_after_its_time),
		TEST(a_refused_identity_is_asked_about_again_at_the_end_of_its_back_off),
		TEST(an_identity_that_cannot_be_read_has_no_moment_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
