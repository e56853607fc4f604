#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/state/answer.h"
#include "base/clock.h"

/* An enrolment whose token is gone goes on as a renewal when there is an identity to renew. */
static bool by_token(struct run *run)
{
	if (run->job->task == JOB_ENROLL)
		run->journal.enrolment = true;
	else if (run->active.number != 0)
		run->journal.enrolment = false;
	return run->journal.enrolment;
}

/* That of the identity of before says nothing about the certificate that has come. */
static void end_backoff(struct journal *journal)
{
	journal->failures = 0;
	journal->next_attempt = 0;
}

bool step_request(struct run *run, enum phase *ret_after, struct error *error)
{
	struct answer answer = { 0 };
	bool done;

	run_note_step(run, run->settings->step_timeout, "requesting the certificate");
	done = by_token(run) ? request_enrolment(run, ret_after, &answer, error)
			     : request_renewal(run, ret_after, &answer, error);
	if (done && !answer_save(run->store, &answer, error))
		done = run->journal.enrolment && request_used_up(error);
	/* On disk with the entry into ISSUED. */
	if (done && !run->journal.enrolment)
		journal_count_certificate(&run->journal, clock_now());
	if (done && run->journal.enrolment)
		end_backoff(&run->journal);
	answer_clear(&answer);
	return done;
}
