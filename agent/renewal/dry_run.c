#include "agent/renewal/dry_run.h"

#include "agent/renewal/access.h"
#include "agent/renewal/connection.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/proof.h"
#include "agent/renewal/run.h"
#include "pkcs11/key_pair.h"

bool dry_run(struct run *run, struct error *error)
{
	struct key_pair pair;
	struct key_id id;

	if (run->active.number == 0)
		return error_set(error, ERROR_REENROLL,
		    "identity %s has no certificate to renew: enroll it with a one-time token",
		    run->settings->name);
	if (!access_open(run, error)
	    || !key_pair_check_bits(access_token(run), run->settings->key_bits, error))
		return false;
	if (!generation_key_check(run, &run->active, error))
		return false;
	if (run->active.adopted) {
		run_note_step(
		    run, run->settings->step_timeout, "probing with the active certificate");
		return proof_at(run, &run->active, connection_url(run), error);
	}
	if (!run->active.key_id || !key_id_parse(run->active.key_id, &id))
		return error_set(
		    error, ERROR_DAMAGED, "generation %u names no key id", run->active.number);
	if (!key_pair_find(access_token(run), &id, &pair, error)
	    || !key_pair_check(&pair, 0, error))
		return error_prefix(error, "the key of the active certificate");
	run_note_step(run, run->settings->step_timeout, "probing with the active certificate");
	return proof_at(run, &run->active, connection_url(run), error);
}
