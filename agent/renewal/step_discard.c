#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/audit_key.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/leftovers.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/state/answer.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/token.h"

/* What is not found is gone already, by a kill between its end and the event, or lies in a token that
   nobody noted: a journal of before. */
static bool note_destroyed(const struct run *run, size_t destroyed, struct error *error)
{
	const struct journal *journal = &run->journal;

	/* One that never came to be whole has no event of its beginning either. */
	if (destroyed == 0 && journal->keyed == 0)
		return true;
	if (destroyed == 0 && !journal->key_token[0]) {
		run_warn(run,
		    "the key %s is not in the token %s: if it lies in another one, name that in "
		    "`token` and run keys --prune to destroy it",
		    journal->key_label, token_name(access_token(run)));
		return true;
	}
	return audit_key_destroyed(run, journal->key_id, journal->key_label, journal->generation,
	    AUDIT_KEY_REJECTED, error);
}

/* Not to be found in another token does not mean destroyed. */
static bool destroy_key(const struct run *run, const struct key_id *id, struct error *error)
{
	const struct journal *journal = &run->journal;
	size_t destroyed = 0;

	if (!generation_key_of_next_is_here(run)) {
		run_warn(run,
		    "the key %s stays in the token %s, which `token` does not name any more: name "
		    "that and run keys --prune to destroy it",
		    journal->key_label, journal->key_token);
		return true;
	}
	return key_pair_destroy(access_token(run), id, POLICY_LABEL, &destroyed, error)
	       && note_destroyed(run, destroyed, error);
}

bool step_discard(struct run *run, enum phase *ret_after, struct error *error)
{
	struct key_id id;

	(void)ret_after;
	if (run->journal.existing)
		return true;
	if (key_id_parse(run->journal.key_id, &id) && !destroy_key(run, &id, error))
		return false;
	return leftovers_destroy_nameless(run, error) && answer_remove(run->store, error)
	       && store_remove(run->store, run->journal.generation, error);
}
