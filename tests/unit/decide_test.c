#include "tests/unit/decision_scene.h"

#include "agent/policy.h"

#include <string.h>

static void an_identity_that_is_not_due_needs_no_worker(void **state)
{
	struct host *host = *state;

	assert_decides_nothing(host, REASON_NOT_DUE);
	host->identity.schedule.limited_by_ca = true;
	assert_decides_nothing(host, REASON_LIMITED_BY_CA);
}

static void it_is_renewed_from_the_due_moment_on(void **state)
{
	struct host *host = *state;

	host->wish.now = host->identity.schedule.due - 1;
	assert_decides_nothing(host, REASON_NOT_DUE);
	host->wish.now = host->identity.schedule.due;
	assert_decides_work(host, true);
	/* Expired is for the Connector to say. */
	host->wish.now = host->identity.not_after + HOUR;
	assert_decides_work(host, true);
}

static void a_daily_probe_is_made_when_there_is_nothing_else_to_do(void **state)
{
	struct host *host = *state;
	struct decision decision;

	host->settings.probe = PROBE_DAILY;
	decision = decide_renew(&host->identity, &host->wish);
	assert_true(decision.work && decision.probe && decision.daily && !decision.renew);
	host->identity.gateway.probed = NOW;
	assert_decides_nothing(host, REASON_NOT_DUE);
	host->identity.gateway.probed = 0;
	host->identity.journal.phase = PHASE_ISSUED;
	assert_false(decide_renew(&host->identity, &host->wish).daily);
	host->identity.journal.phase = PHASE_IDLE;
	host->identity.schedule.due = NOW;
	decision = decide_renew(&host->identity, &host->wish);
	assert_true(decision.renew && !decision.probe);
	/* Nor in a back-off, nor by a clock that cannot be right. */
	host->identity.schedule.due = NOW + HOUR;
	host->identity.journal.next_attempt = NOW + 60;
	assert_decides_error(host, ERROR_BUSY, REASON_BACKOFF);
	host->identity.journal.next_attempt = 0;
	host->identity.journal.saved = NOW + HOUR;
	assert_decides_error(host, ERROR_CLOCK, REASON_CLOCK);
}

static void force_renews_what_is_not_due(void **state)
{
	struct host *host = *state;

	host->wish.force = true;
	assert_decides_work(host, true);
}

static void what_an_earlier_run_began_is_finished_due_or_not(void **state)
{
	struct host *host = *state;

	for (enum phase phase = PHASE_PLANNED; phase < PHASE_COUNT; phase++) {
		host->identity.journal.phase = phase;
		assert_decides_work(host, false);
	}
	host->wish.now = host->identity.schedule.due;
	assert_decides_work(host, true);
}

static void debts_that_may_be_paid_need_a_worker(void **state)
{
	struct host *host = *state;
	struct error error = ERROR_INIT;

	assert_ok(
	    debts_add(&host->identity.debts, DEBT_REVOKE, 2, NULL, NULL, NOW, &error), &error);
	assert_decides_work(host, false);
	host->identity.debts.list[0].next_attempt = NOW + 60;
	assert_decides_nothing(host, REASON_NOT_DUE);
}

static void a_spare_key_that_is_lacking_needs_a_worker(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;

	host->settings.spare_key = true;
	assert_decides_work(host, false);
	journal->phase = PHASE_PLANNED;
	journal->spare = true;
	assert_decides_work(host, false);
	journal->phase = PHASE_KEYED;
	assert_decides_nothing(host, REASON_NOT_DUE);
	host->wish.now = host->identity.schedule.due;
	assert_decides_work(host, true);
}

static void a_spare_key_is_not_made_when_none_is_wanted_or_nothing_would_come_of_it(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;

	assert_decides_nothing(host, REASON_NOT_DUE);
	journal->phase = PHASE_PLANNED;
	journal->spare = true;
	assert_decides_nothing(host, REASON_NOT_DUE);
	host->settings.spare_key = true;
	journal->spare_next_attempt = NOW + 60;
	assert_decides_nothing(host, REASON_NOT_DUE);
	journal->spare_next_attempt = 0;
	host->identity.active = (struct generation){ 0 };
	assert_decides_error(host, ERROR_REENROLL, REASON_NONE);
}

static void in_a_backoff_nothing_is_touched(void **state)
{
	struct host *host = *state;

	host->wish.now = host->identity.schedule.due;
	host->identity.journal.phase = PHASE_KEYED;
	host->identity.journal.failures = 2;
	host->identity.journal.next_attempt = host->wish.now + 1;
	assert_decides_error(host, ERROR_BUSY, REASON_BACKOFF);
	assert_int_equal(decide_next_attempt(&host->identity, host->wish.now), host->wish.now + 1);

	host->identity.journal.next_attempt = host->wish.now;
	assert_decides_work(host, true);
	assert_int_equal(decide_next_attempt(&host->identity, host->wish.now), 0);
}

static void force_passes_over_a_backoff(void **state)
{
	struct host *host = *state;

	host->identity.journal.next_attempt = NOW + 60;
	host->wish.force = true;
	assert_decides_work(host, true);
}

static void a_backoff_longer_than_any_was_written_by_a_clock_that_jumped(void **state)
{
	struct host *host = *state;

	host->wish.now = host->identity.schedule.due;
	host->identity.journal.next_attempt = host->wish.now + SCHEDULE_BACKOFF_MAX;
	assert_decides_error(host, ERROR_BUSY, REASON_BACKOFF);
	host->identity.journal.next_attempt++;
	assert_decides_work(host, true);
}

static void a_clock_behind_the_last_run_is_refused(void **state)
{
	struct host *host = *state;

	host->identity.journal.saved = NOW + host->settings.clock_skew;
	assert_decides_nothing(host, REASON_NOT_DUE);
	host->identity.journal.saved++;
	assert_decides_error(host, ERROR_CLOCK, REASON_CLOCK);
}

/* The journal may be what is wrong: no identity may be lost over it. */
static void a_clock_behind_the_last_run_never_holds_up_a_renewal_that_is_due(void **state)
{
	struct host *host = *state;

	host->identity.journal.saved = NOW + 1000 * HOUR;
	host->wish.now = host->identity.schedule.due;
	assert_decides_work(host, true);
	host->wish.now = NOW;
	host->wish.force = true;
	assert_decides_work(host, true);
}

static void a_force_that_waited_through_a_renewal_does_nothing(void **state)
{
	struct host *host = *state;

	host->wish.force = true;
	host->identity.waited = true;
	assert_decides_work(host, true);

	host->identity.active_before = 2;
	assert_decides_nothing(host, REASON_RENEWED_MEANWHILE);

	/* The other one had switched over when this one came, but was not done. */
	host->identity.active_before = 3;
	host->identity.journal.last_success = host->wish.started;
	assert_decides_nothing(host, REASON_RENEWED_MEANWHILE);
	host->identity.waited = false;
	assert_decides_work(host, true);

	/* It was killed before it was done. */
	host->identity.waited = true;
	host->identity.journal.phase = PHASE_ACTIVE;
	assert_decides_work(host, true);
}

static void an_identity_that_cannot_be_read_is_left_alone(void **state)
{
	struct host *host = *state;

	(void)error_set(&host->identity.unreadable, ERROR_DAMAGED, "current points nowhere");
	host->wish.force = true;
	assert_decides_error(host, ERROR_DAMAGED, REASON_NONE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ON_A_HOST(an_identity_that_is_not_due_needs_no_worker),
		ON_A_HOST(it_is_renewed_from_the_due_moment_on),
		ON_A_HOST(a_daily_probe_is_made_when_there_is_nothing_else_to_do),
		ON_A_HOST(force_renews_what_is_not_due),
		ON_A_HOST(what_an_earlier_run_began_is_finished_due_or_not),
		ON_A_HOST(debts_that_may_be_paid_need_a_worker),
		ON_A_HOST(a_spare_key_that_is_lacking_needs_a_worker),
		ON_A_HOST(a_spare_key_is_not_made_when_none_is_wanted_or_nothing_would_come_of_it),
		ON_A_HOST(in_a_backoff_nothing_is_touched),
		ON_A_HOST(force_passes_over_a_backoff),
		ON_A_HOST(a_backoff_longer_than_any_was_written_by_a_clock_that_jumped),
		ON_A_HOST(a_clock_behind_the_last_run_is_refused),
		ON_A_HOST(a_clock_behind_the_last_run_never_holds_up_a_renewal_that_is_due),
		ON_A_HOST(a_force_that_waited_through_a_renewal_does_nothing),
		ON_A_HOST(an_identity_that_cannot_be_read_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
