#include "agent/identity/decide.h"

#include "agent/identity/identity.h"
#include "agent/policy.h"
#include "base/zone.h"
#include "tests/unit/test.h"

#include <string.h>

#define NOW INT64_C(1800000000)
#define HOUR 3600

/* A healthy identity whose certificate is due in an hour. */
struct host {
	struct identity_settings settings;
	struct identity identity;
	struct wish wish;
};

static int set_up(void **state)
{
	struct host *host = calloc(1, sizeof(*host));

	assert_non_null(host);
	host->settings = (struct identity_settings){ .name = "orders", .clock_skew = 300 };
	host->identity = (struct identity){
		.settings = &host->settings,
		.lock = -1,
		.active_before = 3,
		.active = { .number = 3 },
		.not_before = NOW - 10 * HOUR,
		.not_after = NOW + 5 * HOUR,
		.schedule = { .due = NOW + HOUR },
	};
	journal_clear(&host->identity.journal);
	host->identity.journal.saved = NOW - HOUR;
	host->identity.journal.last_success = NOW - 10 * HOUR;
	host->wish = (struct wish){ .started = NOW - 5, .now = NOW };
	*state = host;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void assert_nothing_to_do(const struct host *host, enum reason reason)
{
	struct decision decision = decide_renew(&host->identity, &host->wish);

	if (decision.error.kind != ERROR_NONE)
		fail_msg("%s", decision.error.message);
	assert_false(decision.work);
	assert_string_equal(result_reason_name(decision.reason), result_reason_name(reason));
}

static void assert_work(const struct host *host, bool renew)
{
	struct decision decision = decide_renew(&host->identity, &host->wish);

	if (decision.error.kind != ERROR_NONE)
		fail_msg("%s", decision.error.message);
	assert_true(decision.work);
	assert_int_equal(decision.renew, renew);
}

static void assert_error(const struct host *host, enum error_kind kind, enum reason reason)
{
	struct decision decision = decide_renew(&host->identity, &host->wish);

	assert_false(decision.work);
	assert_string_equal(error_name(decision.error.kind), error_name(kind));
	assert_string_equal(result_reason_name(decision.reason), result_reason_name(reason));
}

static void an_identity_that_is_not_due_needs_no_worker(void **state)
{
	struct host *host = *state;

	assert_nothing_to_do(host, REASON_NOT_DUE);
	host->identity.schedule.limited_by_ca = true;
	assert_nothing_to_do(host, REASON_LIMITED_BY_CA);
}

static void it_is_renewed_from_the_due_moment_on(void **state)
{
	struct host *host = *state;

	host->wish.now = host->identity.schedule.due - 1;
	assert_nothing_to_do(host, REASON_NOT_DUE);
	host->wish.now = host->identity.schedule.due;
	assert_work(host, true);
	/* Expired is for the Connector to say. */
	host->wish.now = host->identity.not_after + HOUR;
	assert_work(host, true);
}

static void force_renews_what_is_not_due(void **state)
{
	struct host *host = *state;

	host->wish.force = true;
	assert_work(host, true);
}

static void what_an_earlier_run_began_is_finished_due_or_not(void **state)
{
	struct host *host = *state;

	for (enum phase phase = PHASE_PLANNED; phase < PHASE_COUNT; phase++) {
		host->identity.journal.phase = phase;
		assert_work(host, false);
	}
	host->wish.now = host->identity.schedule.due;
	assert_work(host, true);
}

static void debts_that_may_be_paid_need_a_worker(void **state)
{
	struct host *host = *state;
	struct error error = ERROR_INIT;

	assert_ok(
	    debts_add(&host->identity.debts, DEBT_REVOKE, 2, NULL, NULL, NOW, &error), &error);
	assert_work(host, false);
	host->identity.debts.list[0].next_attempt = NOW + 60;
	assert_nothing_to_do(host, REASON_NOT_DUE);
}

static void a_spare_key_that_is_lacking_needs_a_worker(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;

	host->settings.spare_key = true;
	assert_work(host, false);
	journal->phase = PHASE_PLANNED;
	journal->spare = true;
	assert_work(host, false);
	journal->phase = PHASE_KEYED;
	assert_nothing_to_do(host, REASON_NOT_DUE);
	host->wish.now = host->identity.schedule.due;
	assert_work(host, true);
}

static void a_spare_key_is_not_made_when_none_is_wanted_or_nothing_would_come_of_it(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;

	assert_nothing_to_do(host, REASON_NOT_DUE);
	journal->phase = PHASE_PLANNED;
	journal->spare = true;
	assert_nothing_to_do(host, REASON_NOT_DUE);
	host->settings.spare_key = true;
	journal->spare_next_attempt = NOW + 60;
	assert_nothing_to_do(host, REASON_NOT_DUE);
	journal->spare_next_attempt = 0;
	host->identity.active = (struct generation){ 0 };
	assert_error(host, ERROR_REENROLL, REASON_NONE);
}

static void in_a_backoff_nothing_is_touched(void **state)
{
	struct host *host = *state;

	host->wish.now = host->identity.schedule.due;
	host->identity.journal.phase = PHASE_KEYED;
	host->identity.journal.failures = 2;
	host->identity.journal.next_attempt = host->wish.now + 1;
	assert_error(host, ERROR_BUSY, REASON_BACKOFF);
	assert_int_equal(decide_next_attempt(&host->identity, host->wish.now), host->wish.now + 1);

	host->identity.journal.next_attempt = host->wish.now;
	assert_work(host, true);
	assert_int_equal(decide_next_attempt(&host->identity, host->wish.now), 0);
}

static void force_passes_over_a_backoff(void **state)
{
	struct host *host = *state;

	host->identity.journal.next_attempt = NOW + 60;
	host->wish.force = true;
	assert_work(host, true);
}

static void a_backoff_longer_than_any_was_written_by_a_clock_that_jumped(void **state)
{
	struct host *host = *state;

	host->wish.now = host->identity.schedule.due;
	host->identity.journal.next_attempt = host->wish.now + SCHEDULE_BACKOFF_MAX;
	assert_error(host, ERROR_BUSY, REASON_BACKOFF);
	host->identity.journal.next_attempt++;
	assert_work(host, true);
}

static void a_clock_behind_the_last_run_is_refused(void **state)
{
	struct host *host = *state;

	host->identity.journal.saved = NOW + host->settings.clock_skew;
	assert_nothing_to_do(host, REASON_NOT_DUE);
	host->identity.journal.saved++;
	assert_error(host, ERROR_CLOCK, REASON_CLOCK);
}

/* The journal may be what is wrong: no identity may be lost over it. */
static void a_clock_behind_the_last_run_never_holds_up_a_renewal_that_is_due(void **state)
{
	struct host *host = *state;

	host->identity.journal.saved = NOW + 1000 * HOUR;
	host->wish.now = host->identity.schedule.due;
	assert_work(host, true);
	host->wish.now = NOW;
	host->wish.force = true;
	assert_work(host, true);
}

static void without_a_certificate_a_token_is_needed(void **state)
{
	struct host *host = *state;

	host->identity.active.number = 0;
	host->identity.active_before = 0;
	assert_error(host, ERROR_REENROLL, REASON_NONE);
	host->wish.force = true;
	assert_error(host, ERROR_REENROLL, REASON_NONE);
}

static void an_enrolment_without_an_answer_waits_for_a_token(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;

	host->identity.active.number = 0;
	host->identity.active_before = 0;
	journal->enrolment = true;
	journal->phase = PHASE_KEYED;
	journal->keyed = NOW - POLICY_KEYED_MAX;
	assert_error(host, ERROR_REENROLL, REASON_NONE);
	/* Its key has waited too long: it has to be destroyed. */
	journal->keyed--;
	assert_work(host, false);
	/* It has its answer: nothing more is needed from anybody. */
	journal->keyed = NOW;
	journal->phase = PHASE_ISSUED;
	assert_work(host, false);
}

static void a_refused_identity_waits_for_a_token_and_is_tried_again_rarely(void **state)
{
	struct host *host = *state;

	host->identity.journal.reenroll = true;
	host->identity.journal.rejections = 3;
	host->identity.journal.next_attempt = NOW + HOUR;
	assert_error(host, ERROR_REENROLL, REASON_REJECTED);
	host->identity.journal.rejections = 0;
	assert_error(host, ERROR_REENROLL, REASON_EXPIRED);
	host->wish.force = true;
	assert_work(host, true);

	host->wish.force = false;
	host->wish.now = host->identity.schedule.due;
	host->identity.journal.next_attempt = host->wish.now;
	assert_work(host, true);
}

static void a_refused_identity_that_is_not_due_is_probed_when_the_backoff_has_passed(void **state)
{
	struct host *host = *state;
	struct decision decision;

	host->identity.journal.reenroll = true;
	host->identity.journal.rejections = 3;
	host->identity.journal.next_attempt = NOW;
	decision = decide_renew(&host->identity, &host->wish);
	assert_true(decision.work && decision.probe && !decision.renew);
	assert_int_equal(decision.error.kind, ERROR_NONE);
	host->identity.journal.next_attempt = NOW + 1;
	assert_error(host, ERROR_REENROLL, REASON_REJECTED);
	/* What has something else to do finds out on the way. */
	host->identity.journal.next_attempt = NOW;
	host->identity.journal.phase = PHASE_KEYED;
	assert_work(host, false);
	host->identity.journal.phase = PHASE_IDLE;
	host->identity.journal.reenroll = false;
	assert_nothing_to_do(host, REASON_NOT_DUE);
}

static void a_revoked_identity_is_not_tried_but_by_hand(void **state)
{
	struct host *host = *state;

	host->identity.active.revoked = true;
	host->wish.now = host->identity.schedule.due;
	assert_error(host, ERROR_REENROLL, REASON_NONE);
	host->wish.force = true;
	assert_work(host, true);
}

static void a_force_that_waited_through_a_renewal_does_nothing(void **state)
{
	struct host *host = *state;

	host->wish.force = true;
	host->identity.waited = true;
	assert_work(host, true);

	host->identity.active_before = 2;
	assert_nothing_to_do(host, REASON_RENEWED_MEANWHILE);

	/* The other one had switched over when this one came, but was not done. */
	host->identity.active_before = 3;
	host->identity.journal.last_success = host->wish.started;
	assert_nothing_to_do(host, REASON_RENEWED_MEANWHILE);
	host->identity.waited = false;
	assert_work(host, true);

	/* It was killed before it was done. */
	host->identity.waited = true;
	host->identity.journal.phase = PHASE_ACTIVE;
	assert_work(host, true);
}

static void an_identity_that_cannot_be_read_is_left_alone(void **state)
{
	struct host *host = *state;

	(void)error_set(&host->identity.unreadable, ERROR_DAMAGED, "current points nowhere");
	host->wish.force = true;
	assert_error(host, ERROR_DAMAGED, REASON_NONE);
}

static int64_t no_offset(const struct zone *zone, int64_t moment)
{
	(void)zone;
	(void)moment;
	return 0;
}

/* NOW is a Friday, 08:00. */
static void set_window(struct host *host, const char *text)
{
	static const struct zone utc = { no_offset };
	struct error error = ERROR_INIT;

	assert_ok(windows_parse(text, &host->settings.window, &error), &error);
	host->identity.zone = &utc;
	host->identity.schedule.latest = NOW + 4 * HOUR;
	host->wish.now = host->identity.schedule.due;
}

static void what_is_due_waits_for_its_window(void **state)
{
	struct host *host = *state;

	set_window(host, "Fri 10:00-11:00");
	assert_int_equal(decide_next_renewal(&host->identity, NOW), NOW + 2 * HOUR);
	host->wish.now = NOW;
	assert_nothing_to_do(host, REASON_NOT_DUE);
	host->wish.now = NOW + 2 * HOUR - 1;
	assert_nothing_to_do(host, REASON_WINDOW);
	host->wish.now++;
	assert_work(host, true);
	/* It was missed, and the next one is a week away: the margin. */
	host->wish.now = NOW + 3 * HOUR;
	assert_nothing_to_do(host, REASON_WINDOW);
	host->wish.now = NOW + 4 * HOUR;
	assert_work(host, true);
}

static void force_passes_over_a_window(void **state)
{
	struct host *host = *state;

	set_window(host, "Sat 10:00-11:00");
	host->wish.force = true;
	assert_work(host, true);
}

static void what_is_under_way_or_owed_waits_for_no_window(void **state)
{
	struct host *host = *state;
	struct error error = ERROR_INIT;

	set_window(host, "Sat 10:00-11:00");
	host->identity.journal.phase = PHASE_KEYED;
	assert_work(host, false);
	host->identity.journal.phase = PHASE_IDLE;
	assert_nothing_to_do(host, REASON_WINDOW);
	assert_ok(
	    debts_add(&host->identity.debts, DEBT_REVOKE, 2, NULL, NULL, NOW, &error), &error);
	assert_work(host, false);
}

static void no_more_certificates_are_asked_for_than_the_ceiling_allows(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;

	host->settings.max_certificates_per_day = 2;
	host->wish.now = host->identity.schedule.due;
	journal->certificates = 1;
	journal->certificates_since = NOW;
	assert_work(host, true);
	journal->certificates = 2;
	assert_error(host, ERROR_BUSY, REASON_BACKOFF);
	assert_int_equal(decide_next_attempt(&host->identity, NOW), NOW + 24 * HOUR);
	host->wish.force = true;
	assert_error(host, ERROR_BUSY, REASON_BACKOFF);
	journal->phase = PHASE_KEYED;
	assert_error(host, ERROR_BUSY, REASON_BACKOFF);
	/* It has its answer already. */
	journal->phase = PHASE_ISSUED;
	assert_work(host, true);
	journal->phase = PHASE_IDLE;
	host->wish.now = NOW + 24 * HOUR;
	assert_work(host, true);
}

static void a_ceiling_that_is_reached_holds_up_nothing_else(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;
	struct error error = ERROR_INIT;

	host->settings.max_certificates_per_day = 1;
	journal->certificates = 1;
	journal->certificates_since = NOW;
	assert_nothing_to_do(host, REASON_NOT_DUE);
	assert_ok(
	    debts_add(&host->identity.debts, DEBT_REVOKE, 2, NULL, NULL, NOW, &error), &error);
	assert_work(host, false);
}

static void a_ceiling_of_a_clock_that_was_ahead_does_not_last(void **state)
{
	struct host *host = *state;

	host->settings.max_certificates_per_day = 1;
	host->wish.now = host->identity.schedule.due;
	host->identity.journal.certificates = 1;
	host->identity.journal.certificates_since = host->wish.now + 1;
	assert_work(host, true);
}

static void what_a_token_has_brought_waits_for_no_other_token(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;

	journal->reenroll = true;
	journal->enrolment = true;
	for (enum phase phase = PHASE_ISSUED; phase <= PHASE_PROVEN; phase++) {
		journal->phase = phase;
		journal->next_attempt = 0;
		assert_work(host, false);
		journal->next_attempt = NOW + HOUR;
		assert_error(host, ERROR_BUSY, REASON_BACKOFF);
	}
	/* Of the key alone nobody can tell whether it will get a certificate. */
	journal->phase = PHASE_KEYED;
	assert_error(host, ERROR_REENROLL, REASON_EXPIRED);
	/* Nor does what a renewal has brought help who is refused. */
	journal->phase = PHASE_VERIFIED;
	journal->enrolment = false;
	assert_error(host, ERROR_REENROLL, REASON_EXPIRED);
}

#define on_a_host(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_a_host(an_identity_that_is_not_due_needs_no_worker),
		on_a_host(it_is_renewed_from_the_due_moment_on),
		on_a_host(force_renews_what_is_not_due),
		on_a_host(what_an_earlier_run_began_is_finished_due_or_not),
		on_a_host(debts_that_may_be_paid_need_a_worker),
		on_a_host(a_spare_key_that_is_lacking_needs_a_worker),
		on_a_host(a_spare_key_is_not_made_when_none_is_wanted_or_nothing_would_come_of_it),
		on_a_host(in_a_backoff_nothing_is_touched),
		on_a_host(force_passes_over_a_backoff),
		on_a_host(a_backoff_longer_than_any_was_written_by_a_clock_that_jumped),
		on_a_host(a_clock_behind_the_last_run_is_refused),
		on_a_host(a_clock_behind_the_last_run_never_holds_up_a_renewal_that_is_due),
		on_a_host(without_a_certificate_a_token_is_needed),
		on_a_host(an_enrolment_without_an_answer_waits_for_a_token),
		on_a_host(a_refused_identity_waits_for_a_token_and_is_tried_again_rarely),
		on_a_host(a_refused_identity_that_is_not_due_is_probed_when_the_backoff_has_passed),
		on_a_host(what_a_token_has_brought_waits_for_no_other_token),
		on_a_host(a_revoked_identity_is_not_tried_but_by_hand),
		on_a_host(a_force_that_waited_through_a_renewal_does_nothing),
		on_a_host(an_identity_that_cannot_be_read_is_left_alone),
		on_a_host(what_is_due_waits_for_its_window),
		on_a_host(force_passes_over_a_window),
		on_a_host(what_is_under_way_or_owed_waits_for_no_window),
		on_a_host(no_more_certificates_are_asked_for_than_the_ceiling_allows),
		on_a_host(a_ceiling_that_is_reached_holds_up_nothing_else),
		on_a_host(a_ceiling_of_a_clock_that_was_ahead_does_not_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
