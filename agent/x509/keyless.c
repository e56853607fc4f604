#include "agent/x509/keyless.h"

#include <openssl/crypto.h>
#include <openssl/provider.h>

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static OSSL_LIB_CTX *context; /* only ever set by make() */

/* Without the provider that provides nothing, the default one would be loaded at the first need. */
static void make(void)
{
	context = OSSL_LIB_CTX_new();
	if (context && !OSSL_PROVIDER_load(context, "null")) {
		OSSL_LIB_CTX_free(context);
		context = NULL;
	}
}

OSSL_LIB_CTX *keyless_context(void)
{
	(void)CRYPTO_THREAD_run_once(&once, make);
	return context;
}
