#include "rootca/gateway_bundle.h"

#include "agent/x509/bundle.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"
#include "rootca/secret_object.h"
#include "rootca/wiping.h"

#include <string.h>

static const char *const keys[] = { "cacert", "ca.crt" };

static bool choose_key(const cJSON *secret, const char **ret_key, struct error *error)
{
	const cJSON *data = json_member(secret, "data");
	const cJSON *own = json_member(data, keys[0]);
	const cJSON *guide = json_member(data, keys[1]);
	char name[SECRET_NAME_SIZE];

	secret_object_name(secret, name);
	if (own && guide && !text_equal(json_string(data, keys[0]), json_string(data, keys[1])))
		return error_set(error, ERROR_CONFIG,
		    "the Secret %s has both cacert and ca.crt, and they differ: keep the one that "
		    "the gateway reads",
		    name);
	if (!own && !guide)
		return error_set(
		    error, ERROR_CONFIG, "the Secret %s has neither cacert nor ca.crt", name);
	*ret_key = own ? keys[0] : keys[1];
	return true;
}

/* Wiped: somebody may have put a private key into it. */
bool gateway_bundle_read(const cJSON *secret, STACK_OF(X509) **ret_trusted, struct error *error)
{
	scoped(wiped) char *bundle = NULL;
	char what[SECRET_NAME_SIZE + 32];
	char name[SECRET_NAME_SIZE];
	const char *key = NULL;
	size_t length = 0;

	if (!choose_key(secret, &key, error)
	    || !secret_object_get(secret, key, &bundle, &length, error))
		return false;
	secret_object_name(secret, name);
	(void)text_format(what, sizeof(what), "%s of the Secret %s", key, name);
	return bundle_parse(
	    bundle, length, GATEWAY_BUNDLE_MOST, what, ERROR_CONFIG, ret_trusted, error);
}

bool gateway_bundle_write(cJSON *secret, const STACK_OF(X509) *trusted, struct error *error)
{
	scoped(char) char *bundle = NULL;

	if (!bundle_format(NULL, trusted, &bundle, error))
		return false;
	if (sk_X509_num(trusted) > GATEWAY_BUNDLE_MOST || strlen(bundle) > BUNDLE_SIZE_MAX)
		return error_set(error, ERROR_CONFIG,
		    "the gateway's bundle would get too long: retire old CAs first");
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
		if (secret_object_has(secret, keys[i])
		    && !secret_object_set(secret, keys[i], bundle, strlen(bundle), error))
			return false;
	return true;
}
