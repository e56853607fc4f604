#include "transport/refusal.h"

#include "base/compiler.h"

#include <stddef.h>
#include <string.h>

static const char passing[] = "a failure of its own, which may pass";
static const char request[] = "it does not accept the signing request";
static const char identity[] = "it does not see who we are: check its URL";

static const struct refusal refusals[] = {
	/* Its Director, its CA secret (read anew every minute), its store of revocations. */
	{ "No token generation for consumer type", ERROR_CONNECTOR, identity },
	{ "tenant not found", ERROR_CONNECTOR, identity },
	{ "one-time token", ERROR_NETWORK, passing },
	{ "PrivateKey doesn't match", ERROR_NETWORK, passing },
	{ "not found in the cache", ERROR_NETWORK, passing },
	{ "internal system error", ERROR_NETWORK, passing },
	{ "Failed to add hash", ERROR_NETWORK, passing },

	/* With a full stop the request is no PEM, without one its own CA is none. */
	{ "decoding pem block.", ERROR_CONNECTOR, request },
	{ "decoding pem block", ERROR_NETWORK, passing },

	{ "CSR: ", ERROR_CONNECTOR, "the subject is not the one it prescribes" },
	{ "Error while parsing CSR", ERROR_CONNECTOR, request },
	{ "CSR signature invalid", ERROR_CONNECTOR, request },
	{ "base64 content", ERROR_CONNECTOR, request },
	{ "SignatureAlgorithm does not match", ERROR_CONNECTOR, "its CA signs RSA keys only" },

	{ "Failed to authenticate", ERROR_CONNECTOR, identity },
};

static const struct refusal unknown = { "", ERROR_CONNECTOR, "see the log of the Connector" };

const struct refusal *refusal_find(const char *message)
{
	for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++)
		if (strstr(message, refusals[i].fragment))
			return &refusals[i];
	return &unknown;
}
