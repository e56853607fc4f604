#include "agent/renewal/access.h"
#include "agent/renewal/connection.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/state/answer.h"
#include "base/scoped.h"
#include "base/text.h"

static bool request_at(struct run *run, const char *url, enum phase *ret_after,
    struct answer *ret_answer, struct error *error)
{
	scoped(connection) struct connection connection;
	struct connector_configuration configuration = { 0 };
	struct connector_certificates certificates = { 0 };
	scoped(char) char *csr = NULL;
	bool done;

	if (!connection_open(&connection, run, &run->active, url, error))
		return false;
	done = connector_configuration(connection.connector, NULL, &configuration, error)
	       && request_build(run, &configuration, ret_after, &csr, error)
	       && connector_sign(connection.connector, NULL, csr, &certificates, error);
	if (done)
		*ret_answer = (struct answer){
			.subject = take(configuration.subject),
			.client_certificate = take(certificates.client_certificate),
			.ca_certificate = take(certificates.ca_certificate),
			.certificate_chain = take(certificates.certificate_chain),
		};
	connector_configuration_discard(&configuration);
	connector_certificates_discard(&certificates);
	return done;
}

static bool request_by_any_signer(struct run *run, const char *url, enum phase *ret_after,
    struct answer *ret_answer, struct error *error)
{
	do {
		if (request_at(run, url, ret_after, ret_answer, error))
			return true;
	} while (access_take_over(run, error));
	return false;
}

bool request_renewal(
    struct run *run, enum phase *ret_after, struct answer *ret_answer, struct error *error)
{
	const char *url = connection_url(run);

	if (run->active.number == 0)
		return error_set(error, ERROR_REENROLL,
		    "identity %s has no certificate to renew: enroll it with a one-time token",
		    run->settings->name);
	if (request_by_any_signer(run, url, ret_after, ret_answer, error))
		return true;
	/* A Connector that has moved and is gone there may still be at its configured place. */
	if (error->kind != ERROR_NETWORK || text_equal(url, run->settings->connector_url))
		return false;
	run_warn(run, "%s; trying %s", error->message, run->settings->connector_url);
	run_note_step(run, run->settings->step_timeout, "requesting the certificate");
	return request_by_any_signer(
	    run, run->settings->connector_url, ret_after, ret_answer, error);
}
