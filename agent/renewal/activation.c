#include "agent/renewal/activation.h"

#include "agent/audit/audit.h"
#include "agent/audit/audit_certificate.h"
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
		if (debts.list[i].generation == run->journal.generation
		    && (debts.list[i].kind == DEBT_REVOKE
			|| debts.list[i].kind == DEBT_DESTROY_KEY))
			debts_drop(&debts, i);
	return debts.count == before || debts_save(run->store, &debts, error);
}

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

/* What fails after the rename has been done does not undo it. */
static void note_if_moved(struct run *run)
{
	struct error ignored = ERROR_INIT;
	uint32_t current = 0;

	if (store_current(run->store, &current, &ignored) && current == run->journal.generation
	    && current != run->active.number)
		run->outcome.changed = true;
}

bool activation_run(struct run *run, struct error *error)
{
	const struct distrust distrust = run_distrust(run);

	run_note_step(
	    run, run->settings->step_timeout, "activating generation %u", run->journal.generation);
	if (run->journal.existing && !forget_debts(run, error))
		return false;
	if (!note_before(run, error))
		return false;
	if (!store_activate(run->store, run->journal.generation, error)) {
		note_if_moved(run);
		return false;
	}
	run->outcome.changed = true;
	run->outcome.resumed = run->resumed;
	run->journal.reenroll = false;
	run->journal.rejections = 0;
	run->journal.rejected_since = 0;
	return run_load_active(run, error)
	       && audit_certificate_activated(run->store, run->job->run_id, &run->active, error)
	       && store_refresh_ca_bundle(
		   run->store, journal_candidate(&run->journal), clock_now(), &distrust, error);
}
