#include "transport/tls_trace.h"

#include "base/text.h"

#include <openssl/bio.h>
#include <string.h>

/* The length of a Certificate message with an empty list: header, context (TLS 1.3), length. */
#define EMPTY_CERTIFICATE_MOST 8

void tls_trace_start(struct tls_trace *trace)
{
	trace->alert_received = TLS_ALERT_NONE;
	trace->alert_sent = TLS_ALERT_NONE;
	trace->connected = false;
	trace->request_sent = false;
}

/*
 * A server that refuses our certificate under TLS 1.3 sends an alert and closes, while our
 * request is on its way. Writing then fails, and libcurl gives up without reading, although the
 * alert has arrived. So a failed write is passed off as done: reading comes next, and gives the
 * alert or fails in its turn.
 */
static long hide_write_failure(BIO *bio, int operation, const char *bytes, size_t length,
    int argument, long value, int result, size_t *processed)
{
	(void)bytes;
	(void)argument;
	(void)value;
	if (operation != (BIO_CB_WRITE | BIO_CB_RETURN) || result > 0 || BIO_should_retry(bio))
		return result;
	*processed = length;
	return 1;
}

static void see_start(struct tls_trace *trace, SSL *ssl)
{
	trace->connected = true;
	trace->certificate_sent = false;
	trace->certificate_withheld = false;
	trace->signature_sent = false;
	BIO_set_callback_ex(SSL_get_wbio(ssl), hide_write_failure);
}

/* By the time that we end our side of the handshake, all that the server has to say is there. */
static void see_server(struct tls_trace *trace, const SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(ssl);

	tls_trace_clear(trace);
	trace->server_chain = chain ? X509_chain_up_ref(chain) : NULL;
	trace->acceptable_cas =
	    names ? sk_X509_NAME_deep_copy(names, X509_NAME_dup, X509_NAME_free) : NULL;
}

static void see_sent(struct tls_trace *trace, int type, size_t length, SSL *ssl)
{
	if (type == SSL3_MT_CLIENT_HELLO)
		see_start(trace, ssl);
	if (type == SSL3_MT_CERTIFICATE && length > EMPTY_CERTIFICATE_MOST)
		trace->certificate_sent = true;
	if (type == SSL3_MT_CERTIFICATE && length <= EMPTY_CERTIFICATE_MOST)
		trace->certificate_withheld = true;
	if (type == SSL3_MT_CERTIFICATE_VERIFY)
		trace->signature_sent = true;
	if (type == SSL3_MT_CERTIFICATE || type == SSL3_MT_FINISHED)
		see_server(trace, ssl);
}

static void see_received(struct tls_trace *trace, int type, const SSL *ssl)
{
	if (type == SSL3_MT_CERTIFICATE)
		trace->handshakes++;
	if (type == SSL3_MT_FINISHED
	    && !text_copy(trace->version, sizeof(trace->version), SSL_get_version(ssl)))
		trace->version[0] = '\0';
}

static void see_alert(struct tls_trace *trace, bool sent, int number)
{
	if (number == SSL3_AD_CLOSE_NOTIFY)
		return;
	if (sent)
		trace->alert_sent = number;
	else
		trace->alert_received = number;
}

static void see(
    int sent, int version, int content, const void *bytes, size_t length, SSL *ssl, void *argument)
{
	struct tls_trace *trace = argument;
	const unsigned char *byte = bytes;

	(void)version;
	switch (content) {
	case SSL3_RT_HANDSHAKE:
		if (length > 0 && sent)
			see_sent(trace, byte[0], length, ssl);
		else if (length > 0)
			see_received(trace, byte[0], ssl);
		break;
	case SSL3_RT_ALERT: /* level, description */
		if (length == 2)
			see_alert(trace, sent, byte[1]);
		break;
	case SSL3_RT_HEADER: /* TLS 1.3 calls every encrypted record application data here... */
		if (sent && SSL_version(ssl) < TLS1_3_VERSION
		    && byte[0] == SSL3_RT_APPLICATION_DATA)
			trace->request_sent = true;
		break;
	case SSL3_RT_INNER_CONTENT_TYPE: /* ...and gives the true type here */
		if (sent && byte[0] == SSL3_RT_APPLICATION_DATA)
			trace->request_sent = true;
		break;
	default:
		break;
	}
}

void tls_trace_clear(struct tls_trace *trace)
{
	sk_X509_pop_free(trace->server_chain, X509_free);
	sk_X509_NAME_pop_free(trace->acceptable_cas, X509_NAME_free);
	trace->server_chain = NULL;
	trace->acceptable_cas = NULL;
}

void tls_trace_watch(struct tls_trace *trace, SSL_CTX *context)
{
	SSL_CTX_set_msg_callback(context, see);
	SSL_CTX_set_msg_callback_arg(context, trace);
}
