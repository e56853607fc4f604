#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/audit_key.h"
#include "agent/renewal/leftovers.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/state/answer.h"
#include "pkcs11/key_pair.h"

/* Also when it is gone already: a kill may have come between its end and the event. One that never
   came to be whole has no event of its beginning either. */
static bool destroy_key(const struct run *run, const struct key_id *id, struct error *error)
{
	const struct journal *journal = &run->journal;
	size_t destroyed = 0;

	if (!key_pair_destroy(access_token(run), id, POLICY_LABEL, &destroyed, error))
		return false;
	return (destroyed == 0 && journal->keyed == 0)
	       || audit_key_destroyed(run, journal->key_id, journal->key_label, journal->generation,
		   AUDIT_KEY_REJECTED, error);
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
