#include "pkcs11/signer_backend.h"
#include "pkcs11/signer_library_context.h"

/* latchset's pkcs11-provider. Its default module would be p11-kit's proxy, which loads every
   module of the host; without `no-deinit` it finalizes the module under its owner's feet; with
   cached keys it makes a session object of the private key. */
static const struct signer_provider provider = {
	.name = "pkcs11",
	.package = "pkcs11-provider",
	.module_setting = "pkcs11-module-path",
	.settings = "pkcs11-module-quirks = no-deinit\n"
		    "pkcs11-module-cache-keys = false\n",
};

static bool provider_open(
    const struct token *token, void **ret_state, bool *ret_absent, struct error *error)
{
	return signer_library_context_open(&provider, token, ret_state, ret_absent, error);
}

const struct signer_backend signer_provider = {
	.name = "provider",
	.package = "pkcs11-provider",
	.open = provider_open,
	.load = signer_library_context_load,
	.close = signer_library_context_close,
};
