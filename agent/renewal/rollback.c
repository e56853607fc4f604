#include "agent/renewal/rollback.h"

#include "agent/renewal/access.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/proof.h"
#include "agent/renewal/renewal.h"
#include "agent/renewal/retention.h"
#include "agent/renewal/run.h"
#include "agent/state/debts.h"

#include <inttypes.h>

/* The rename has been made, or is all that is left to do of another rollback. */
static bool is_as_good_as_done(const struct run *run)
{
	const struct journal *journal = &run->journal;

	return journal->phase != PHASE_IDLE
	       && (journal->existing || journal->phase == PHASE_ACTIVE
		   || journal->generation == run->active.number);
}

/* Its key may be half gone. */
static bool is_to_be_destroyed(const struct debts *debts, uint32_t number)
{
	for (size_t i = 0; i < debts->count; i++)
		if (debts->list[i].kind == DEBT_DESTROY_KEY && debts->list[i].generation == number)
			return true;
	return false;
}

static bool find(const struct run *run, uint32_t *ret_number, struct error *error)
{
	struct retention retention;
	struct debts debts;
	bool damaged = false; /* as in run_open: the supervisor has said it */
	uint32_t active;

	if (!store_current(run->store, &active, error)
	    || !debts_load(run->store, &debts, &damaged, error)
	    || !retention_list(run, &retention, error))
		return false;
	for (size_t i = 0; i < retention.count - retention.abandoned; i++) {
		*ret_number = retention.numbers[i];
		if (!is_to_be_destroyed(&debts, *ret_number))
			return true;
	}
	if (active == 0)
		return error_set(
		    error, ERROR_USAGE, "%s has no generation to go back to", run->settings->name);
	return error_set(error, ERROR_USAGE,
	    "%s has no generation behind the active one, %" PRIu32 ", to go back to (retain = "
	    "%" PRIu32 ")",
	    run->settings->name, active, run->settings->retain);
}

static bool prove(struct run *run, const struct generation *generation, struct error *error)
{
	return proof_check_alive(run, generation, error)
	       && (generation_key_is_in_file(generation) || access_open(run, error))
	       && generation_key_check(run, generation, error)
	       && proof_of_existing(run, generation, error);
}

bool rollback_run(struct run *run, struct error *error)
{
	scoped(generation) struct generation generation = { 0 };
	bool is_rollback = run->journal.existing && !run->journal.enrolment;
	uint32_t number = 0;

	if (is_as_good_as_done(run)) {
		if (!renewal_run(run, false, error))
			return false;
		run->outcome.changed = run->outcome.changed || is_rollback;
		if (run->outcome.changed && is_rollback)
			return true;
	}
	if (!find(run, &number, error) || !store_load(run->store, number, &generation, error))
		return false;
	if (!prove(run, &generation, error))
		return error_prefix(error, "go back to generation %" PRIu32, number);
	return (run->journal.phase == PHASE_IDLE || renewal_discard(run, error))
	       && renewal_activate(run, &generation, false, error);
}
