#pragma once
/*
 * What the signers that are OpenSSL providers share: a library context of their own.
 *
 * The provider stands in it beside OpenSSL's `default`, configured by a text in memory. The
 * process's default context is not touched and no openssl.cnf is read: a PKCS#11 provider in the
 * default context ends in deadlocks with modules that use OpenSSL themselves. OpenSSL looks for
 * the provider's file in its own folder of modules. No PIN is handed over.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <stdbool.h>

struct token;

struct signer_provider {
	const char *name;           /* OpenSSL's name for it, and that of its file */
	const char *package;        /* to install */
	const char *module_setting; /* its name for the path of the module */
	const char *settings;       /* further lines of its section */
};

/* *ret_state is an OSSL_LIB_CTX; *ret_absent: the provider is not there. */
MUST_CHECK bool signer_library_context_open(const struct signer_provider *provider,
    const struct token *token, void **ret_state, bool *ret_absent, struct error *error);
/* By OSSL_STORE. Owned; freed before the context is closed. */
MUST_CHECK bool signer_library_context_load(
    void *state, const char *uri, EVP_PKEY **ret_key, struct error *error);
void signer_library_context_close(void *state);
