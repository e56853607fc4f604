#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/leftovers.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/state/answer.h"
#include "pkcs11/key_pair.h"

bool step_discard(struct run *run, enum phase *ret_after, struct error *error)
{
	struct key_id id;

	(void)ret_after;
	if (run->journal.existing)
		return true;
	if (key_id_parse(run->journal.key_id, &id)
	    && !key_pair_destroy(access_token(run), &id, POLICY_LABEL, NULL, error))
		return false;
	return leftovers_destroy_nameless(run, error) && answer_remove(run->store, error)
	       && store_remove(run->store, run->journal.generation, error);
}
