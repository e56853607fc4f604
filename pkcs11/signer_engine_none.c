#include "pkcs11/signer_backend.h"

/* In place of signer_engine.c for an OpenSSL that has no engines. */

static bool none_open(
    const struct token *token, void **ret_state, bool *ret_absent, struct error *error)
{
	(void)token;
	(void)ret_state;
	*ret_absent = true;
	return error_set(
	    error, ERROR_TOKEN, "this program was built without engines: choose another signer");
}

static bool none_load(void *state, const char *uri, EVP_PKEY **ret_key, struct error *error)
{
	(void)state;
	(void)uri;
	(void)ret_key;
	return error_set(error, ERROR_INTERNAL, "a key from an engine that was never opened");
}

static void none_close(void *state)
{
	(void)state;
}

const struct signer_backend signer_engine = {
	.name = "engine",
	.package = NULL,
	.open = none_open,
	.load = none_load,
	.close = none_close,
};
