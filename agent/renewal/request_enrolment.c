#include "agent/renewal/connection.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/state/answer.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/secret.h"

bool request_used_up(struct error *error)
{
	error->kind = ERROR_REENROLL;
	return error_prefix(error, "the one-time token is used up, supply another");
}

/* Written down before it is sent, so that no crash makes us send it twice. */
static bool note_token(struct run *run, const struct secret *token, struct error *error)
{
	if (journal_token_is_spent(&run->journal, secret_bytes(token), secret_length(token)))
		return error_set(error, ERROR_REENROLL,
		    "this one-time token has been sent before: supply another");
	journal_note_spent_token(&run->journal, secret_bytes(token), secret_length(token));
	return journal_save(run->store, &run->journal, clock_now(), error);
}

/* Nobody has seen it: the same token may be used again. */
static void forget_token(struct run *run, const struct secret *token)
{
	struct error ignored = ERROR_INIT;

	journal_forget_spent_token(&run->journal, secret_bytes(token), secret_length(token));
	(void)!journal_save(run->store, &run->journal, clock_now(), &ignored);
}

static bool sign(struct run *run, struct connection *connection,
    struct connector_configuration *configuration, enum phase *ret_after,
    struct connector_certificates *ret_certificates, struct error *error)
{
	scoped(char) char *csr = NULL;

	if (!request_build(run, configuration, ret_after, &csr, error)
	    || !note_token(run, configuration->token, error))
		return false;
	return connector_sign(
	    connection->connector, configuration->token, csr, ret_certificates, error);
}

/* A key that cannot be used must not cost a one-time token: it signs a request that goes nowhere.
   Many a token lets a key be loaded that it does not sign with. */
static bool check_key(struct run *run, enum phase *ret_after, struct error *error)
{
	scoped(X509_NAME) X509_NAME *nobody = X509_NAME_new();
	scoped(char) char *csr = NULL;

	if (!nobody)
		return error_set(error, ERROR_INTERNAL, "no memory for a name");
	return request_sign(run, nobody, ret_after, &csr, error);
}

/* Two calls, each with a token of its own: the first brings the second's. */
bool request_enrolment(
    struct run *run, enum phase *ret_after, struct answer *ret_answer, struct error *error)
{
	const struct secret *token = run->one_time_token;
	scoped(connection) struct connection connection = { 0 };
	struct connector_configuration configuration = { 0 };
	struct connector_certificates certificates = { 0 };
	bool done;

	if (!token || !run->job->url)
		return error_set(error, ERROR_REENROLL,
		    "the enrolment of %s waits for its certificate: run enroll with a one-time "
		    "token",
		    run->settings->name);
	if (!check_key(run, ret_after, error)
	    || !connection_open(&connection, run, NULL, run->job->url, error)
	    || !note_token(run, token, error))
		return false;
	if (!connector_configuration(connection.connector, token, &configuration, error)) {
		if (connector_facts(connection.connector)->request_sent)
			return request_used_up(error);
		forget_token(run, token);
		return false;
	}
	done = sign(run, &connection, &configuration, ret_after, &certificates, error)
	       || request_used_up(error);
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
