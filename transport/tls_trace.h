#pragma once
/*
 * What passes in the TLS messages of one connection.
 *
 * Neither the CURLcode nor OpenSSL's error queue says reliably why a handshake failed: with
 * TLS 1.3 a refusal of our certificate arrives after the handshake, in a race with the end of
 * the connection. The messages themselves do.
 */
#include <openssl/ssl.h>
#include <stdbool.h>

#define TLS_ALERT_NONE (-1)

struct tls_trace {
	int alert_received;
	int alert_sent;
	unsigned handshakes;       /* full ones: the server showed its certificate */
	bool certificate_sent;     /* the server asked for one and got it... */
	bool certificate_withheld; /* ...or got an empty list (RFC 8446, 4.4.2) */
	bool signature_sent;       /* CertificateVerify (RFC 8446, 4.4.3) */
	bool connected;            /* anew, since tls_trace_start */
	bool request_sent;         /* a record of application data, since tls_trace_start */
	char version[16];          /* "TLSv1.3" */
	/* What the server showed in the last handshake that came so far; NULL before. */
	STACK_OF(X509) *server_chain;        /* as it was verified, its own certificate first */
	STACK_OF(X509_NAME) *acceptable_cas; /* of its CertificateRequest */
};

/* Before each request; what belongs to the connection stays. */
void tls_trace_start(struct tls_trace *trace);
/* Frees what was kept of the server. */
void tls_trace_clear(struct tls_trace *trace);
/* Watches every connection made from the context; `trace` outlives them. */
void tls_trace_watch(struct tls_trace *trace, SSL_CTX *context);
