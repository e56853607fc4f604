#include "agent/renewal/activation.h"

#include "agent/renewal/run.h"
#include "agent/state/debts.h"
#include "base/clock.h"

/* What becomes active again is not to be revoked any more, nor its key destroyed. */
static bool forget_debts(const struct run *run, struct error *error)
{
	struct debts debts;
	bool damaged = false; /* as in run_open: the supervisor has said it */
	size_t before;

	if (!debts_load(run->store, &debts, &damaged, error))
		return false;
	before = debts.count;
	for (size_t i = debts.count; i-- > 0;)
		if (debts.list[i].generation == run->journal.generation)
			debts_drop(&debts, i);
	return debts.count == before || debts_save(run->store, &debts, error);
}

bool activation_run(struct run *run, struct error *error)
{
	run_note_step(
	    run, run->settings->step_timeout, "activating generation %u", run->journal.generation);
	if (run->journal.existing && !forget_debts(run, error))
		return false;
	if (!store_activate(run->store, run->journal.generation, error))
		return false;
	run->outcome.changed = true;
	run->outcome.resumed = run->resumed;
	run->journal.reenroll = false;
	run->journal.rejections = 0;
	run->journal.rejected_since = 0;
	return run_load_active(run, error)
	       && store_refresh_ca_bundle(run->store, clock_now(), NULL, 0, error);
}
