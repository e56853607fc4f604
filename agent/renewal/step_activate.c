#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/state/audit.h"
#include "agent/state/audit_certificate.h"
#include "base/clock.h"

/* Nothing is activated whose event may find no room. After a kill `active` is the new one already,
   and a change of CA has been noted. */
static bool note_before(const struct run *run, struct error *error)
{
	scoped(generation) struct generation next = { 0 };

	if (!audit_prepare(run->store, run->job->run_id, error))
		return false;
	if (run->active.number == 0 || run->active.number == run->journal.generation)
		return true;
	return store_load(run->store, run->journal.generation, &next, error)
	       && audit_ca_changed(run->store, run->job->run_id, &run->active, &next, error);
}

bool step_activate(struct run *run, enum phase *ret_after, struct error *error)
{
	(void)ret_after;
	run_note_step(
	    run, run->settings->step_timeout, "activating generation %u", run->journal.generation);
	if (!note_before(run, error) || !store_activate(run->store, run->journal.generation, error))
		return false;
	run->outcome.changed = true;
	run->outcome.resumed = run->resumed;
	run->journal.reenroll = false;
	run->journal.rejections = 0;
	run->journal.rejected_since = 0;
	return run_load_active(run, error)
	       && audit_certificate_activated(run->store, run->job->run_id, &run->active, error)
	       && store_refresh_ca_bundle(run->store, clock_now(), NULL, 0, error);
}
