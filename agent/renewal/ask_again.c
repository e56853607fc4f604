#include "agent/renewal/ask_again.h"

#include "agent/policy.h"
#include "agent/renewal/run.h"
#include "base/clock.h"
#include "base/duration.h"

#include <errno.h>
#include <time.h>

/* Of this process, whichever identity it was for: they all ask the same Connector. */
static unsigned waits;

static void wait_for(int64_t seconds)
{
	struct timespec left = { .tv_sec = (time_t)seconds };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		continue;
}

/* One that is written down, that is: the one that follows from the certificate's lifetime leaves room
   for these waits. */
static bool is_at_ceiling(const struct run *run)
{
	const uint32_t most = run->settings->max_certificates_per_day;

	return most != 0 && journal_next_certificate(&run->journal, most, clock_now()) != 0;
}

bool ask_again(struct run *run, struct error *error)
{
	const int64_t seconds = run->settings->distrusted_ca_wait;
	char text[32];

	if (error->kind != ERROR_DISTRUSTED || run->journal.phase != PHASE_KEYED
	    || run->journal.enrolment || waits >= POLICY_DISTRUSTED_WAITS || is_at_ceiling(run))
		return false;
	waits++;
	duration_format(seconds, text, sizeof(text));
	run_warn(run, "%s: it is asked for again in %s", error->message, text);
	run_note_step(run, seconds + run->settings->step_timeout,
	    "waiting for the Connector to load its new CA");
	wait_for(seconds);
	error_clear(error);
	return true;
}
