#include "agent/renewal/wish.h"

#include "agent/renewal/renewal.h"
#include "agent/renewal/run.h"
#include "base/clock.h"

void wish_note(struct run *run)
{
	run->journal.revoke_old = run->journal.revoke_old || run->job->revoke_old;
	run->journal.destroy_old = run->journal.destroy_old || run->job->destroy_old;
}

/* After a kill it may be active before the journal knows. */
static bool is_active(const struct run *run)
{
	return run->journal.phase == PHASE_ACTIVE || run->journal.generation == run->active.number;
}

/* Whose key others may have as well as the one that is to go. */
static bool is_older_than_wish(const struct run *run)
{
	return run->job->destroy_old && !run->journal.destroy_old;
}

bool wish_prepare(struct run *run, struct error *error)
{
	const struct job *job = run->job;

	if ((!job->revoke_old && !job->destroy_old) || run->journal.phase == PHASE_IDLE)
		return true;
	if (is_older_than_wish(run))
		return is_active(run) ? renewal_run(run, false, error)
				      : renewal_discard(run, error);
	/* A spare key gets it when it is taken. */
	if (run->journal.spare)
		return true;
	wish_note(run);
	return journal_save(run->store, &run->journal, clock_now(), error);
}
