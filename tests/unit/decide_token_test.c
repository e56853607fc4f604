#include "tests/unit/decision_scene.h"

#include "agent/policy.h"

#include <string.h>

static void without_a_certificate_a_token_is_needed(void **state)
{
	struct host *host = *state;

	host->identity.active.number = 0;
	host->identity.active_before = 0;
	assert_decides_error(host, ERROR_REENROLL, REASON_NONE);
	host->wish.force = true;
	assert_decides_error(host, ERROR_REENROLL, REASON_NONE);
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
	assert_decides_error(host, ERROR_REENROLL, REASON_NONE);
	/* Its key has waited too long: it has to be destroyed. */
	journal->keyed--;
	assert_decides_work(host, false);
	/* It has its answer: nothing more is needed from anybody. */
	journal->keyed = NOW;
	journal->phase = PHASE_ISSUED;
	assert_decides_work(host, false);
}

static void a_refused_identity_waits_for_a_token_and_is_tried_again_rarely(void **state)
{
	struct host *host = *state;

	host->identity.journal.reenroll = true;
	host->identity.journal.rejections = 3;
	host->identity.journal.next_attempt = NOW + HOUR;
	assert_decides_error(host, ERROR_REENROLL, REASON_REJECTED);
	host->identity.journal.rejections = 0;
	assert_decides_error(host, ERROR_REENROLL, REASON_EXPIRED);
	host->wish.force = true;
	assert_decides_work(host, true);

	host->wish.force = false;
	host->wish.now = host->identity.schedule.due;
	host->identity.journal.next_attempt = host->wish.now;
	assert_decides_work(host, true);
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
	assert_decides_error(host, ERROR_REENROLL, REASON_REJECTED);
	/* What has something else to do finds out on the way. */
	host->identity.journal.next_attempt = NOW;
	host->identity.journal.phase = PHASE_KEYED;
	assert_decides_work(host, false);
	host->identity.journal.phase = PHASE_IDLE;
	host->identity.journal.reenroll = false;
	assert_decides_nothing(host, REASON_NOT_DUE);
}

static void a_revoked_identity_is_not_tried_but_by_hand(void **state)
{
	struct host *host = *state;

	host->identity.active.revoked = true;
	host->wish.now = host->identity.schedule.due;
	assert_decides_error(host, ERROR_REENROLL, REASON_NONE);
	host->wish.force = true;
	assert_decides_work(host, true);
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
		assert_decides_work(host, false);
		journal->next_attempt = NOW + HOUR;
		assert_decides_error(host, ERROR_BUSY, REASON_BACKOFF);
	}
	/* Of the key alone nobody can tell whether it will get a certificate. */
	journal->phase = PHASE_KEYED;
	assert_decides_error(host, ERROR_REENROLL, REASON_EXPIRED);
	/* Nor does what a renewal has brought help who is refused. */
	journal->phase = PHASE_VERIFIED;
	journal->enrolment = false;
	assert_decides_error(host, ERROR_REENROLL, REASON_EXPIRED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ON_A_HOST(without_a_certificate_a_token_is_needed),
		ON_A_HOST(an_enrolment_without_an_answer_waits_for_a_token),
		ON_A_HOST(a_refused_identity_waits_for_a_token_and_is_tried_again_rarely),
		ON_A_HOST(a_refused_identity_that_is_not_due_is_probed_when_the_backoff_has_passed),
		ON_A_HOST(a_revoked_identity_is_not_tried_but_by_hand),
		ON_A_HOST(what_a_token_has_brought_waits_for_no_other_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
