#include "agent/renewal/generation_key.h"
#include "agent/renewal/owe_hooks.h"
#include "agent/renewal/retention.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/state/answer.h"
#include "agent/state/debts.h"
#include "base/clock.h"
#include "base/scoped.h"

/* One whose files are damaged goes at once; its key is a leftover then, which the next renewal
   destroys. */
static bool owe_destruction(const struct run *run, struct debts *debts, uint32_t number,
    bool after_hook, struct error *error)
{
	scoped(generation) struct generation generation = { 0 };
	struct error unreadable = ERROR_INIT;

	if (store_load(run->store, number, &generation, &unreadable)) {
		scoped(char) char *token = generation_key_token(&generation);

		/* Without its id nothing can destroy an adopted key: only the folder goes. */
		if (generation.adopted)
			return debts_add(
			    debts, DEBT_DESTROY_KEY, number, NULL, NULL, clock_now(), error);
		if (after_hook)
			return debts_add_destruction_after_hook(
			    debts, number, generation.key_id, token, clock_now(), error);
		return debts_add(
		    debts, DEBT_DESTROY_KEY, number, generation.key_id, token, clock_now(), error);
	}
	if (unreadable.kind != ERROR_DAMAGED) {
		*error = unreadable;
		return false;
	}
	run_warn(run, "%s: generation %u is removed", unreadable.message, number);
	return store_remove(run->store, number, error);
}

/* What is wanted besides what `retain` leaves over. */
struct wanted {
	bool revoke;      /* what has been replaced */
	bool revoke_all;  /* all of them */
	bool destroy_all; /* whatever `retain` */
};

/* Behind the active generation `retain` are kept; the older ones' keys are to be destroyed. */
static bool owe(
    const struct run *run, struct debts *debts, const struct wanted *wanted, struct error *error)
{
	const size_t kept = wanted->destroy_all ? 0 : run->settings->retain;
	struct retention retention;

	if (!retention_list(run, &retention, error))
		return false;
	for (size_t i = 0; i < retention.count; i++) {
		uint32_t number = retention.numbers[i];
		bool replaced = i == 0 || i >= retention.count - retention.abandoned;

		if ((wanted->revoke_all || (replaced && wanted->revoke))
		    && !debts_add(debts, DEBT_REVOKE, number, NULL, NULL, clock_now(), error))
			return false;
		if (i >= kept && !owe_destruction(run, debts, number, wanted->destroy_all, error))
			return false;
	}
	return true;
}

bool step_owe_surplus(struct run *run, struct error *error)
{
	const struct wanted nothing = { .revoke = false };
	struct debts debts;
	bool damaged = false; /* as in run_open: the supervisor has said it */
	size_t before;

	if (!debts_load(run->store, &debts, &damaged, error))
		return false;
	before = debts.count;
	return owe(run, &debts, &nothing, error)
	       && (debts.count == before || debts_save(run->store, &debts, error));
}

/* A certificate that had to be enrolled anew cannot be revoked over a connection made with it. */
static struct wanted wanted_of(const struct run *run)
{
	const struct journal *journal = &run->journal;

	return (struct wanted){
		.revoke = run->settings->revoke_old && !journal->enrolment,
		.revoke_all = journal->revoke_old && !journal->enrolment,
		.destroy_all = journal->destroy_old,
	};
}

/* Going back, and adopting, throw nothing away: the next renewal does. */
bool step_note_debts(struct run *run, enum phase *ret_after, struct error *error)
{
	const struct wanted wanted = wanted_of(run);
	struct debts debts;
	bool damaged = false; /* as in run_open: the supervisor has said it */

	(void)ret_after;
	if (!debts_load(run->store, &debts, &damaged, error))
		return false;
	/* Before the older ones go. */
	if (run->settings->store_certificate && !run->active.adopted
	    && !debts_add(&debts, DEBT_STORE, run->active.number, NULL, NULL, clock_now(), error))
		return false;
	/* A hook may take the place of one for an older generation: the count does not tell. */
	return owe_hooks(run, &debts, error)
	       && (run->journal.existing || owe(run, &debts, &wanted, error))
	       && (debts.count == 0 || debts_save(run->store, &debts, error))
	       && answer_remove(run->store, error);
}
