#include "agent/policy.h"
#include "agent/renewal/connection.h"
#include "agent/renewal/proof.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"

/* A refusal may pass (the gateway learns of a new CA some time after the signer), unless the
   certificate came from the wrong side of a change of the CA: then another one is asked for, with
   the same key. That of an enrolment has cost a one-time token and is given every chance. */
static bool refused(
    struct run *run, const struct generation *candidate, enum phase *ret_after, struct error *error)
{
	struct journal *journal = &run->journal;
	struct error following = ERROR_INIT;
	int64_t now = clock_now();
	bool ca_changed = !journal->enrolment && run->active.number != 0 && !candidate->same_issuer;

	error->kind = ERROR_UNPROVEN;
	if (journal->probe_refused == 0 || journal->probe_refused > now) {
		journal->probe_refused = now;
		if (!journal_save(run->store, journal, now, &following))
			run_warn(run, "%s", following.message);
	}
	if (!ca_changed && now - journal->probe_refused <= POLICY_PROBE_REFUSED_MAX)
		return error_prefix(error, "the new certificate is not accepted yet, the old one "
					   "stays");
	journal->probe_refused = 0;
	*ret_after = PHASE_KEYED;
	if (journal->enrolment)
		return request_used_up(error);
	return error_prefix(error, "the new certificate is not accepted, the old one stays and "
				   "another one is asked for");
}

/* A named URL counts only if this probe passes through it. */
static bool probe(struct run *run, struct generation *candidate, struct error *error)
{
	const char *configured = run->settings->connector_url;
	const char *named = candidate->connector_url;

	/* connector_hosts may have been another when it was kept. */
	if (!named || text_equal(named, configured) || !connection_url_is_allowed(run, named))
		return proof_at(run, candidate, configured, error);
	if (proof_at(run, candidate, named, error))
		return true;
	if (error->kind != ERROR_NETWORK && error->kind != ERROR_CONNECTOR)
		return false;
	run_warn(run, "%s; going on with %s", error->message, configured);
	run_note_step(run, run->settings->step_timeout, "probing with the new certificate");
	if (!proof_at(run, candidate, configured, error))
		return false;
	free(take(candidate->connector_url));
	return store_write(run->store, candidate, error);
}

bool step_probe(struct run *run, enum phase *ret_after, struct error *error)
{
	scoped(generation) struct generation candidate = { 0 };

	run_note_step(run, run->settings->step_timeout, "probing with the new certificate");
	if (!store_load(run->store, run->journal.generation, &candidate, error)) {
		if (error->kind == ERROR_DAMAGED)
			*ret_after = PHASE_KEYED;
		return false;
	}
	if (probe(run, &candidate, error))
		return true;
	if (error->kind == ERROR_REJECTED)
		return refused(run, &candidate, ret_after, error);
	return false;
}
