#include "agent/renewal/proof.h"

#include "agent/renewal/access.h"
#include "agent/renewal/connection.h"
#include "agent/renewal/run.h"
#include "agent/x509/certificate.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"

static bool once(
    struct run *run, const struct generation *generation, const char *url, struct error *error)
{
	scoped(connection) struct connection connection;

	return connection_open(&connection, run, generation, url, error)
	       && connector_probe(connection.connector, error);
}

bool proof_at(
    struct run *run, const struct generation *generation, const char *url, struct error *error)
{
	do {
		if (once(run, generation, url, error))
			return true;
	} while (access_take_over(run, error));
	return false;
}

bool proof_of_existing(struct run *run, const struct generation *generation, struct error *error)
{
	const char *configured = run->settings->connector_url;
	const char *named = generation->connector_url;

	run_note_step(run, run->settings->step_timeout, "probing with the certificate");
	if (!named || text_equal(named, configured) || !connection_url_is_allowed(run, named))
		return proof_at(run, generation, configured, error);
	if (proof_at(run, generation, named, error))
		return true;
	if (error->kind != ERROR_NETWORK && error->kind != ERROR_CONNECTOR)
		return false;
	run_warn(run, "%s; going on with %s", error->message, configured);
	run_note_step(run, run->settings->step_timeout, "probing with the certificate");
	return proof_at(run, generation, configured, error);
}

bool proof_check_alive(
    const struct run *run, const struct generation *generation, struct error *error)
{
	int64_t now = clock_now();
	int64_t not_before, not_after;
	char moment[CLOCK_TEXT_SIZE];

	if (generation->revoked)
		return error_set(error, ERROR_VERIFICATION, "the certificate has been revoked");
	if (!run_check_trusted(run, generation, error))
		return false;
	if (!certificate_dates(generation->certificate, &not_before, &not_after, error))
		return false;
	clock_format(not_after, moment);
	if (not_after < now)
		return error_set(
		    error, ERROR_VERIFICATION, "the certificate has expired at %s", moment);
	clock_format(not_before, moment);
	return not_before <= now + run->settings->clock_skew
	       || error_set(error, ERROR_CLOCK,
		   "the certificate is valid from %s on only: set the clock right", moment);
}
