#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "base/clock.h"

bool step_activate(struct run *run, enum phase *ret_after, struct error *error)
{
	(void)ret_after;
	run_note_step(
	    run, run->settings->step_timeout, "activating generation %u", run->journal.generation);
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
