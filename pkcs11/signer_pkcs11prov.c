#include "pkcs11/signer_backend.h"
#include "pkcs11/signer_library_context.h"

/* libp11's provider, beside its engine from version 0.4.14 on. When the token fails to sign,
   0.4.21 reports success and hands out garbage: only the verified request, and the server, tell. */
static const struct signer_provider pkcs11prov = {
	.name = "pkcs11prov",
	.package = "libengine-pkcs11-openssl",
	.module_setting = "pkcs11_module",
	/* Else it tells on standard output and standard error what it does. */
	.settings = "debug_level = 0\n",
};

static bool pkcs11prov_open(
    const struct token *token, void **ret_state, bool *ret_absent, struct error *error)
{
	return signer_library_context_open(&pkcs11prov, token, ret_state, ret_absent, error);
}

const struct signer_backend signer_pkcs11prov = {
	.name = "pkcs11prov",
	.package = "libengine-pkcs11-openssl",
	.open = pkcs11prov_open,
	.load = signer_library_context_load,
	.close = signer_library_context_close,
};
