#pragma once
/*
 * The Connector of UCL / Kyma Compass: its three operations and the cheap probe, over one
 * kept-alive connection.
 *
 * Errors are classified once, by https and graphql: ERROR_NETWORK (nobody, cut, garbled, 408,
 * 429, 5xx, a passing failure of the Connector's own), ERROR_REJECTED (400 with an empty body,
 * TLS refusals of our certificate), ERROR_CONNECTOR (any other answer that is not acceptable),
 * ERROR_CLOCK (the server's certificate is not yet valid by our clock), ERROR_TOKEN (our key did
 * not sign the handshake, or wrongly), ERROR_CONFIG (URL, CA file or one-time token unusable).
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"
#include "transport/https.h"

#include <stdbool.h>

struct connector;
struct secret;

/* Owned by the caller: connector_configuration_discard. NULL: the Connector gave null. */
struct connector_configuration {
	char *subject;
	char *key_algorithm; /* "rsa2048" */
	char *director_url;
	char *connector_url;  /* certificateSecuredConnectorURL */
	struct secret *token; /* the next one-time token; enrolment only */
};

/* PEM texts, decoded from base64. Owned by the caller: connector_certificates_discard. */
struct connector_certificates {
	char *client_certificate;
	char *ca_certificate;
	char *certificate_chain;
};

/* All three are borrowed until connector_close; identity NULL when a one-time token is used. */
MUST_CHECK bool connector_open(const char *url, const struct https_settings *settings,
    const struct https_identity *identity, struct connector **ret_connector, struct error *error);
void connector_close(struct connector *connector);
const struct https_facts *connector_facts(const struct connector *connector);

/* token NULL: by the client certificate. With a token, the next token is asked for too. Every
   call of it makes the real Connector write a new token to its database: never poll with it. */
MUST_CHECK bool connector_configuration(struct connector *connector, const struct secret *token,
    struct connector_configuration *ret_configuration, struct error *error);
MUST_CHECK bool connector_sign(struct connector *connector, const struct secret *token,
    const char *csr_pem, struct connector_certificates *ret_certificates, struct error *error);
/* Revokes the certificate that this connection was made with. */
MUST_CHECK bool connector_revoke(struct connector *connector, struct error *error);
/* query { __typename }: is this identity accepted? */
MUST_CHECK bool connector_probe(struct connector *connector, struct error *error);

/* Also of one that is all zero. */
void connector_configuration_discard(struct connector_configuration *configuration);
void connector_certificates_discard(struct connector_certificates *certificates);

DEFINE_SCOPED(connector, struct connector *, connector_close)

__attribute__((unused)) static inline void scoped_destroy_configuration(
    struct connector_configuration *configuration)
{
	connector_configuration_discard(configuration);
}

__attribute__((unused)) static inline void scoped_destroy_certificates(
    struct connector_certificates *certificates)
{
	connector_certificates_discard(certificates);
}
