#include "agent/renewal/generation_key.h"
#include "agent/renewal/owe_hooks.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/state/answer.h"
#include "agent/state/debts.h"
#include "base/clock.h"
#include "base/scoped.h"

/* One whose files are damaged goes at once; its key is a leftover then, which the next renewal
   destroys. */
static bool owe_destruction(
    const struct run *run, struct debts *debts, uint32_t number, struct error *error)
{
	scoped(generation) struct generation generation = { 0 };
	struct error unreadable = ERROR_INIT;

	if (store_load(run->store, number, &generation, &unreadable)) {
		scoped(char) char *token = generation_key_token(&generation);

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

/* Behind the active generation `retain` are kept; the older ones' keys are to be destroyed. */
static bool owe(const struct run *run, struct debts *debts, bool revoke, struct error *error)
{
	uint32_t numbers[STORE_GENERATIONS_MAX];
	uint32_t retained = 0;
	size_t count = 0;

	if (!store_list(run->store, numbers, &count, error))
		return false;
	for (size_t i = count; i-- > 0;) {
		if (numbers[i] >= run->active.number)
			continue;
		if (retained == 0 && revoke
		    && !debts_add(debts, DEBT_REVOKE, numbers[i], NULL, NULL, clock_now(), error))
			return false;
		if (++retained > run->settings->retain
		    && !owe_destruction(run, debts, numbers[i], error))
			return false;
	}
	return true;
}

bool step_owe_surplus(struct run *run, struct error *error)
{
	struct debts debts;
	bool damaged = false; /* as in run_open: the supervisor has said it */
	size_t before;

	if (!debts_load(run->store, &debts, &damaged, error))
		return false;
	before = debts.count;
	return owe(run, &debts, false, error)
	       && (debts.count == before || debts_save(run->store, &debts, error));
}

bool step_note_debts(struct run *run, enum phase *ret_after, struct error *error)
{
	struct debts debts;
	bool damaged = false; /* as in run_open: the supervisor has said it */

	(void)ret_after;
	if (!debts_load(run->store, &debts, &damaged, error))
		return false;
	/* Before the older ones go. */
	if (run->settings->store_certificate
	    && !debts_add(&debts, DEBT_STORE, run->active.number, NULL, NULL, clock_now(), error))
		return false;
	/* A hook may take the place of one for an older generation: the count does not tell. */
	return owe_hooks(run, &debts, error)
	       && owe(run, &debts, run->settings->revoke_old && !run->journal.enrolment, error)
	       && (debts.count == 0 || debts_save(run->store, &debts, error))
	       && answer_remove(run->store, error);
}
