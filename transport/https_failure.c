#include "transport/https_failure.h"

#include "base/compiler.h"
#include "transport/tls_alert.h"
#include "transport/tls_trace.h"

#include <openssl/x509_vfy.h>
#include <stddef.h>
#include <string.h>

/* CURLE_TOO_LARGE, from 8.6 on */
#define CODE_TOO_LARGE ((CURLcode)100)

/* What is not here is a matter of the network: nobody there, too slow, cut or garbled. */
static const struct {
	CURLcode code;
	enum error_kind kind;
} kinds[] = {
	{ CURLE_URL_MALFORMAT, ERROR_CONFIG },
	{ CURLE_SSL_CACERT_BADFILE, ERROR_CONFIG },
	{ CURLE_FAILED_INIT, ERROR_INTERNAL },
	{ CURLE_NOT_BUILT_IN, ERROR_INTERNAL },
	{ CURLE_OUT_OF_MEMORY, ERROR_INTERNAL },
	{ CURLE_BAD_FUNCTION_ARGUMENT, ERROR_INTERNAL },
	{ CURLE_UNKNOWN_OPTION, ERROR_INTERNAL },
};

bool https_failure_is_unverified(const struct https_failure *failure)
{
	return failure->code == CURLE_PEER_FAILED_VERIFICATION
	       && failure->trace->alert_received == TLS_ALERT_NONE;
}

bool https_failure_is_unsigned(const struct https_failure *failure)
{
	const struct tls_trace *trace = failure->trace;

	return trace->certificate_sent && !trace->signature_sent
	       && trace->alert_sent == SSL_AD_INTERNAL_ERROR;
}

bool https_failure_is_withheld(const struct https_failure *failure)
{
	return failure->has_identity && failure->trace->certificate_withheld;
}

static bool set_by_alert(const struct https_failure *failure, struct error *error)
{
	const struct tls_alert *alert = tls_alert_find(failure->trace->alert_received);
	enum error_kind kind = alert->kind;

	/* Without an identity there is none to be refused: it is the wrong URL. */
	if (kind == ERROR_REJECTED && !failure->has_identity)
		kind = ERROR_CONNECTOR;
	error_set(error, kind, "%s (TLS alert %d, %s)", alert->meaning,
	    failure->trace->alert_received, alert->name);
	if (failure->pkcs1_only && failure->trace->alert_received == SSL_AD_PROTOCOL_VERSION)
		error_prefix(error, "the token has no RSA-PSS, which TLS 1.3 needs");
	return false;
}

static bool set_unverified(const struct https_failure *failure, struct error *error)
{
	if (failure->verify_result == X509_V_ERR_CERT_NOT_YET_VALID)
		return error_set(error, ERROR_CLOCK,
		    "the server's certificate is not yet valid: check the clock of this host");
	return error_set(error, ERROR_CONNECTOR, "the server's certificate does not verify: %s",
	    failure->reason);
}

/* Our TLS gave up on what the server offers; a garbled record makes it give up too. */
static bool is_disagreement(const struct tls_trace *trace)
{
	return trace->alert_sent == SSL_AD_PROTOCOL_VERSION
	       || trace->alert_sent == SSL_AD_HANDSHAKE_FAILURE
	       || trace->alert_sent == SSL_AD_INSUFFICIENT_SECURITY;
}

/* A header line longer than libcurl takes; before 8.6 that was called a lack of memory. */
static bool is_too_long(const struct https_failure *failure)
{
	return failure->trace->request_sent
	       && (failure->code == CURLE_OUT_OF_MEMORY || failure->code == CODE_TOO_LARGE);
}

/* libcurl quotes the URL of a proxy that it cannot make anything of, with the password in it. */
static bool is_quoted_proxy(const struct https_failure *failure)
{
	return (failure->code == CURLE_COULDNT_RESOLVE_PROXY
		   || failure->code == CURLE_COULDNT_CONNECT)
	       && strchr(failure->reason, '@');
}

static enum error_kind kind_of_code(CURLcode code)
{
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
		if (kinds[i].code == code)
			return kinds[i].kind;
	return ERROR_NETWORK;
}

bool https_failure_set(const struct https_failure *failure, struct error *error)
{
	if (is_quoted_proxy(failure))
		return error_set(error, ERROR_NETWORK,
		    "the proxy that the environment names (https_proxy, all_proxy) is not usable: "
		    "see its scheme, and that its password is percent-encoded");
	/* Our own settings may be what is wrong there, too. */
	if (failure->proxy[0] != '\0' && kind_of_code(failure->code) == ERROR_NETWORK)
		return error_set(error, ERROR_NETWORK,
		    "the proxy that the environment names, %s: %s", failure->proxy,
		    failure->reason);
	if (https_failure_is_withheld(failure))
		return error_set(error, ERROR_TOKEN,
		    "our certificate was not sent: no signature scheme suits server and key");
	if (failure->trace->alert_received != TLS_ALERT_NONE)
		return set_by_alert(failure, error);
	if (https_failure_is_unsigned(failure))
		return error_set(error, ERROR_TOKEN, "our key did not sign the TLS handshake: %s",
		    failure->reason);
	if (https_failure_is_unverified(failure))
		return set_unverified(failure, error);
	if (failure->code == CURLE_SSL_CONNECT_ERROR && is_disagreement(failure->trace))
		return error_set(error, ERROR_CONNECTOR, "no TLS in common: %s", failure->reason);
	if (is_too_long(failure))
		return error_set(error, ERROR_CONNECTOR, "a header line of the answer is too long");
	if (failure->code == CURLE_COULDNT_CONNECT && failure->os_error != 0)
		return error_set(error, ERROR_NETWORK, "%s: %s", failure->reason,
		    strerror((int)failure->os_error));
	return error_set(error, kind_of_code(failure->code), "%s", failure->reason);
}
