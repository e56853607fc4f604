#include "agent/renewal/revocation.h"

#include "agent/audit/audit_certificate.h"
#include "agent/renewal/access.h"
#include "agent/renewal/connection.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/run.h"
#include "agent/x509/certificate.h"
#include "base/clock.h"
#include "base/scoped.h"

static enum revocation judge(const struct connector *connector, const struct error *error)
{
	const struct https_facts *facts = connector_facts(connector);

	if (error->kind == ERROR_REJECTED)
		return facts->status == 400 ? REVOCATION_REFUSED : REVOCATION_NONE;
	/* Also a gateway that says 502 or 504 may have passed it on. */
	return error->kind == ERROR_NETWORK && facts->request_sent ? REVOCATION_UNKNOWN
								   : REVOCATION_NONE;
}

static bool revoke_once(struct run *run, const struct generation *generation,
    enum revocation *ret_revocation, struct error *error)
{
	scoped(connection) struct connection connection;

	if (!connection_open(&connection, run, generation, connection_url(run), error))
		return false;
	/* What is seen as one that goes must not take the place of what the active one has seen. */
	if (generation->number != run->active.number)
		connection.generation = NULL;
	if (connector_revoke(connection.connector, error)) {
		*ret_revocation = REVOCATION_DONE;
		return true;
	}
	*ret_revocation = judge(connection.connector, error);
	return false;
}

static bool revoke_as(struct run *run, const struct generation *generation,
    enum revocation *ret_revocation, struct error *error)
{
	do {
		if (revoke_once(run, generation, ret_revocation, error))
			return true;
	} while (access_take_over(run, error));
	return false;
}

/* It has happened: that it cannot be noted must not keep anybody from knowing it. */
static void note_event(struct run *run, uint32_t number)
{
	scoped(generation) struct generation generation = { 0 };
	struct error error = ERROR_INIT;

	if (!store_load(run->store, number, &generation, &error)
	    || !audit_certificate_revoked(run->store, run->job->run_id, &generation, &error))
		run_warn(run, "%s", error.message);
}

static bool note(struct run *run, uint32_t number, struct error *error)
{
	note_event(run, number);
	if (!store_mark_revoked(run->store, number, error))
		return false;
	if (number != run->active.number)
		return true;
	/* Nothing but a one-time token brings a revoked identity back. */
	run->journal.reenroll = true;
	return journal_save(run->store, &run->journal, clock_now(), error);
}

bool revocation_run(
    struct run *run, uint32_t number, enum revocation *ret_revocation, struct error *error)
{
	scoped(generation) struct generation generation = { 0 };
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];

	*ret_revocation = REVOCATION_NONE;
	if (!store_load(run->store, number, &generation, error))
		return false;
	if (generation.revoked)
		return true;
	certificate_sha256(generation.certificate, sha256);
	if (!generation_key_is_in_file(&generation) && !access_open(run, error))
		return false;
	run_note_step(
	    run, run->settings->step_timeout, "revoking the certificate of generation %u", number);
	if (!revoke_as(run, &generation, ret_revocation, error))
		return error_prefix(error, "revoke certificate %s (generation %u)", sha256, number);
	return note(run, number, error);
}

bool revocation_confirm(struct run *run, uint32_t number, struct error *error)
{
	scoped(connection) struct connection connection;
	struct error unconfirmed = ERROR_INIT;

	run_note_step(run, run->settings->step_timeout, "probing with the active certificate");
	if (!generation_key_is_in_file(&run->active) && !access_open(run, &unconfirmed))
		return false;
	if (!connection_open(&connection, run, &run->active, connection_url(run), &unconfirmed)
	    || !connector_probe(connection.connector, &unconfirmed))
		return false;
	run_warn(run,
	    "the certificate of generation %u is refused while the active one is accepted: an "
	    "earlier request, whose answer was lost, has revoked it",
	    number);
	return note(run, number, error);
}
