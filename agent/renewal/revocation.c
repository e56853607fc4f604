#include "agent/renewal/revocation.h"

#include "agent/renewal/access.h"
#include "agent/renewal/connection.h"
#include "agent/renewal/run.h"
#include "agent/x509/certificate.h"
#include "base/clock.h"
#include "base/scoped.h"

static bool revoke_as(struct run *run, const struct generation *generation, struct error *error)
{
	scoped(connection) struct connection connection;

	return connection_open(&connection, run, generation, connection_url(run), error)
	       && connector_revoke(connection.connector, error);
}

bool revocation_run(struct run *run, uint32_t number, struct error *error)
{
	scoped(generation) struct generation generation = { 0 };
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];

	if (!store_load(run->store, number, &generation, error))
		return false;
	if (generation.revoked)
		return true;
	certificate_sha256(generation.certificate, sha256);
	if (!access_open(run, error))
		return false;
	run_note_step(
	    run, run->settings->step_timeout, "revoking the certificate of generation %u", number);
	if (!revoke_as(run, &generation, error))
		return error_prefix(error, "revoke certificate %s (generation %u)", sha256, number);
	run->outcome.changed = true;
	if (!store_mark_revoked(run->store, number, error))
		return false;
	if (number != run->active.number)
		return true;
	/* Nothing but a one-time token brings a revoked identity back. */
	run->journal.reenroll = true;
	return journal_save(run->store, &run->journal, clock_now(), error);
}
