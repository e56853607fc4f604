#include "transport/connector.h"

#include "base/base64.h"
#include "base/secret.h"
#include "base/text.h"
#include "transport/connector_answer.h"
#include "transport/graphql.h"
#include "transport/url.h"

#include <string.h>

#define HEADER_MAX 4096

/* A mutation begins with that word: the gateway looks for it. No parentheses without arguments:
   newer servers refuse them. */
#define CONFIGURATION_FIELDS                                                                       \
	"certificateSigningRequestInfo { subject keyAlgorithm } "                                  \
	"managementPlaneInfo { directorURL certificateSecuredConnectorURL } "

static const char configuration_query[] =
    "query { result: configuration { " CONFIGURATION_FIELDS "} }";
static const char configuration_and_token_query[] =
    "query { result: configuration { token { token } " CONFIGURATION_FIELDS "} }";
static const char sign_mutation[] =
    "mutation($csr: String!) { result: signCertificateSigningRequest(csr: $csr) "
    "{ certificateChain caCertificate clientCertificate } }";
static const char revoke_mutation[] = "mutation { result: revokeCertificate }";
static const char probe_query[] = "query { __typename }";

struct connector {
	struct https *https;
	const char *url;
	char shown_url[URL_SHOWN_SIZE];
	bool has_identity;
};

/* One operation. */
struct call {
	const char *query;
	const char *field;
	const char *variable; /* NULL: none */
	const char *value;
	const struct secret *token; /* NULL: by the client certificate */
};

bool connector_open(const char *url, const struct https_settings *settings,
    const struct https_identity *identity, struct connector **ret_connector, struct error *error)
{
	scoped(connector) struct connector *connector = calloc(1, sizeof(*connector));

	if (!connector)
		return error_set(error, ERROR_INTERNAL, "no memory for a connection");
	connector->url = url;
	connector->has_identity = identity != NULL;
	url_show(url, connector->shown_url);
	if (!https_open(settings, identity, &connector->https, error))
		return false;

	*ret_connector = take(connector);
	return true;
}

void connector_close(struct connector *connector)
{
	if (!connector)
		return;
	https_close(connector->https);
	free(connector);
}

const struct https_facts *connector_facts(const struct connector *connector)
{
	return https_facts(connector->https);
}

/* Nothing in the token may end the header field. */
static bool make_header(const struct secret *token, struct text_buffer *header, struct error *error)
{
	const char *bytes = secret_bytes(token);
	size_t length = secret_length(token);

	if (length == 0)
		return error_set(error, ERROR_CONFIG, "the one-time token is empty");
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] <= ' ' || bytes[i] > '~')
			return error_set(error, ERROR_CONFIG,
			    "the one-time token holds blanks or characters that are not ASCII");
	}
	if (!text_add_string(header, "Connector-Token: ") || !text_add(header, bytes, length))
		return error_set(error, ERROR_CONFIG, "the one-time token is too long");
	return true;
}

/* The answer to a request that carries no certificate says nothing about ours. */
static void explain_rejection(const struct connector *connector, struct error *error)
{
	if (error->kind == ERROR_REJECTED && connector->has_identity
	    && !connector_facts(connector)->certificate_sent) {
		error_set(error, ERROR_CONNECTOR,
		    "the server did not ask for our certificate: is this its "
		    "certificate-secured URL?");
	}
}

static bool call(const struct connector *connector, const struct call *call, cJSON **ret_result,
    struct error *error)
{
	scoped(text) struct text_buffer header = TEXT_BUFFER_INIT(HEADER_MAX);
	scoped(char) char *body = NULL;
	struct https_answer answer;

	if (call->token && !make_header(call->token, &header, error))
		return false;
	if (!graphql_request(call->query, call->variable, call->value, &body, error)
	    || !https_post(
		connector->https, connector->url, header.data, body, strlen(body), &answer, error))
		return false;
	if (!graphql_answer(connector_facts(connector)->status, answer.content_type, answer.body,
		answer.length, call->field, ret_result, error)) {
		explain_rejection(connector, error);
		return false;
	}
	return true;
}

bool connector_configuration(struct connector *connector, const struct secret *token,
    struct connector_configuration *ret_configuration, struct error *error)
{
	scoped(graphql) cJSON *result = NULL;
	const struct call configuration = {
		.query = token ? configuration_and_token_query : configuration_query,
		.field = "result",
		.token = token,
	};

	if (!call(connector, &configuration, &result, error)
	    || !connector_answer_configuration(result, token != NULL, ret_configuration, error))
		return error_prefix(error, "ask %s for the configuration", connector->shown_url);
	return true;
}

bool connector_sign(struct connector *connector, const struct secret *token, const char *csr_pem,
    struct connector_certificates *ret_certificates, struct error *error)
{
	scoped(graphql) cJSON *result = NULL;
	scoped(char) char *csr = NULL;
	struct call sign = {
		.query = sign_mutation,
		.field = "result",
		.variable = "csr",
		.token = token,
	};

	if (!base64_encode(csr_pem, strlen(csr_pem), &csr, error))
		return false;
	sign.value = csr;
	if (!call(connector, &sign, &result, error)
	    || !connector_answer_certificates(result, ret_certificates, error))
		return error_prefix(error, "ask %s for a certificate", connector->shown_url);
	return true;
}

bool connector_revoke(struct connector *connector, struct error *error)
{
	scoped(graphql) cJSON *result = NULL;
	const struct call revoke = { .query = revoke_mutation, .field = "result" };

	if (!call(connector, &revoke, &result, error)
	    || !connector_answer_revocation(result, error))
		return error_prefix(error, "ask %s for the revocation", connector->shown_url);
	return true;
}

bool connector_probe(struct connector *connector, struct error *error)
{
	scoped(graphql) cJSON *result = NULL;
	const struct call probe = { .query = probe_query, .field = "__typename" };

	if (!call(connector, &probe, &result, error))
		return error_prefix(error, "ask %s for __typename", connector->shown_url);
	return true;
}
