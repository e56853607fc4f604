#pragma once
/*
 * One HTTPS connection by libcurl, with a client key that may live in a token.
 *
 * https only, TLS 1.2 or later, the server verified, no redirects, proxy settings of the
 * environment honoured, time and size bounded. What happened on the wire is kept as facts, since
 * neither the CURLcode nor a message says it reliably: the TLS alert that was received decides.
 * A proxy over TLS (https://) is verified by the system's store and gets no certificate of ours.
 * One https is one connection: a new identity needs a new one. SIGPIPE is left to the program.
 *
 * A server certificate that does not verify is ERROR_CONNECTOR, but one that is not yet valid is
 * ERROR_CLOCK. One that has expired sets server_expired: only the caller, who knows the journal
 * and the host's certificates, can tell whether the clock is ahead.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTPS_ANSWER_MAX 1048576
#define HTTPS_ALERT_NONE (-1)

struct https;

/* The texts are borrowed by https until it is closed. */
struct https_settings {
	const char *server_ca_file; /* NULL: the system store */
	long connect_milliseconds;
	long total_milliseconds; /* of one request, the connection included */
	const char *request_id;  /* sent as x-request-id */
};

/* Borrowed by https until it is closed. */
struct https_identity {
	X509 *certificate;
	STACK_OF(X509) *chain; /* the CAs sent after it; NULL for none */
	EVP_PKEY *key;
	bool pkcs1_only; /* the key cannot sign with RSA-PSS: TLS 1.2, and PKCS #1 v1.5 in it */
};

/* What is known after a request, successful or not. */
struct https_facts {
	int alert;    /* number of the TLS alert received (RFC 8446, 6.2), or HTTPS_ALERT_NONE */
	long status;  /* of HTTP; 0 when there was no answer */
	int64_t date; /* of the Date header, seconds; 0 when there was none */
	int64_t retry_after;      /* seconds from now by the Retry-After header; 0 when none */
	bool server_not_verified; /* our side refused the server's certificate... */
	bool server_expired;      /* ...because of its dates */
	bool signing_failed;      /* our own key would not sign the handshake */
	bool certificate_sent;    /* this connection carries our certificate */
	bool request_sent;        /* the request may have reached the other side */
	char tls_version[16];     /* "TLSv1.3" */
	unsigned handshakes;      /* full ones, since https_open */
	/* Of the last handshake; borrowed until the next request or https_close. NULL: it did not
	   come so far. */
	const STACK_OF(X509) *server_chain; /* as verified, the server's own first */
	const STACK_OF(X509_NAME)
	    *acceptable_cas; /* the names in its request for our certificate */
};

/* Not owned: valid until the next request or https_close. NUL-terminated besides the length. */
struct https_answer {
	const char *body;
	size_t length;
	const char *content_type; /* "" when there was none */
};

/* identity NULL: no client certificate. A key that is not the certificate's is ERROR_TOKEN; a CA
   file that cannot be used as transport/ca_file.h has it. */
MUST_CHECK bool https_open(const struct https_settings *settings,
    const struct https_identity *identity, struct https **ret_https, struct error *error);
void https_close(struct https *https);

/* POSTs a JSON body. Messages leave it to the caller to name the URL. `secret_header` ("Connector-Token: ...") may be NULL; it is in no message.
   True for any complete HTTP answer: look at the status. ERROR_NETWORK, ERROR_CLOCK,
   ERROR_REJECTED (an alert about our certificate), ERROR_CONNECTOR (server certificate, TLS
   refused otherwise, answer too large), ERROR_TOKEN (our key did not sign, or wrongly),
   ERROR_CONFIG (no https URL). */
MUST_CHECK bool https_post(struct https *https, const char *url, const char *secret_header,
    const char *body, size_t length, struct https_answer *ret_answer, struct error *error);

const struct https_facts *https_facts(const struct https *https);

DEFINE_SCOPED(https, struct https *, https_close)
