#pragma once
/*
 * What a signer is made of. Each backend is one file; signer.c has the table of them and does
 * what does not depend on the backend: it counts the keys before and compares the key after.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <stdbool.h>

struct token;

struct signer_backend {
	const char *name; /* as in the configuration */
	const char
	    *package; /* of Debian, to install when it is absent; NULL: that would not help */
	bool answers_for_pin; /* for keys that want the PIN for each signature: see token_pin */
	bool pads;            /* makes RSA-PSS of raw RSA for a token without CKM_RSA_PKCS_PSS */
	/* *ret_state goes to load and close. On failure nothing is left to be closed; *ret_absent,
	   false before, tells that there is no such signer on this host. */
	bool (*open)(
	    const struct token *token, void **ret_state, bool *ret_absent, struct error *error);
	/* `uri` names exactly one private key. Owned. */
	bool (*load)(void *state, const char *uri, EVP_PKEY **ret_key, struct error *error);
	void (*close)(void *state);
};

extern const struct signer_backend signer_provider;
/* Without WITH_ENGINE it only knows how to say so. */
extern const struct signer_backend signer_engine;
extern const struct signer_backend signer_pkcs11prov;
