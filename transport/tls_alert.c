#include "transport/tls_alert.h"

#include "base/compiler.h"

#include <stddef.h>

static const char refused[] = "the server refuses our certificate";
static const char disagrees[] = "the server's TLS and ours do not agree";
static const char passing[] = "the connection broke down at the server";

static const struct tls_alert alerts[] = {
	{ 10, "unexpected_message", ERROR_CONNECTOR, disagrees },
	{ 20, "bad_record_mac", ERROR_NETWORK, passing },
	{ 22, "record_overflow", ERROR_CONNECTOR, disagrees },
	{ 40, "handshake_failure", ERROR_CONNECTOR,
	    "the server accepts none of our TLS parameters, or misses our certificate" },
	{ 42, "bad_certificate", ERROR_REJECTED, refused },
	{ 43, "unsupported_certificate", ERROR_REJECTED, refused },
	{ 44, "certificate_revoked", ERROR_REJECTED, refused },
	{ 45, "certificate_expired", ERROR_REJECTED, refused },
	{ 46, "certificate_unknown", ERROR_REJECTED, refused },
	{ 47, "illegal_parameter", ERROR_CONNECTOR, disagrees },
	{ 48, "unknown_ca", ERROR_REJECTED, "the server does not trust the CA of our certificate" },
	{ 49, "access_denied", ERROR_REJECTED, refused },
	{ 50, "decode_error", ERROR_CONNECTOR, disagrees },
	{ 51, "decrypt_error", ERROR_TOKEN, "the server finds that our key's signature is wrong" },
	{ 70, "protocol_version", ERROR_CONNECTOR, disagrees },
	{ 71, "insufficient_security", ERROR_CONNECTOR, disagrees },
	{ 80, "internal_error", ERROR_NETWORK, passing },
	{ 86, "inappropriate_fallback", ERROR_CONNECTOR, disagrees },
	{ 90, "user_canceled", ERROR_NETWORK, passing },
	{ 100, "no_renegotiation", ERROR_CONNECTOR, disagrees },
	{ 109, "missing_extension", ERROR_CONNECTOR, disagrees },
	{ 110, "unsupported_extension", ERROR_CONNECTOR, disagrees },
	{ 112, "unrecognized_name", ERROR_CONNECTOR, "the server does not know this host name" },
	{ 113, "bad_certificate_status_response", ERROR_CONNECTOR, disagrees },
	{ 115, "unknown_psk_identity", ERROR_CONNECTOR, disagrees },
	{ 116, "certificate_required", ERROR_REJECTED, "the server insists on a certificate" },
	{ 120, "no_application_protocol", ERROR_CONNECTOR, "the server does not speak HTTP/1.1" },
};

static const struct tls_alert unknown = { -1, "unknown alert", ERROR_CONNECTOR, disagrees };

const struct tls_alert *tls_alert_find(int number)
{
	for (size_t i = 0; i < ARRAY_LENGTH(alerts); i++)
		if (alerts[i].number == number)
			return &alerts[i];
	return &unknown;
}
