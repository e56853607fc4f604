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
	/* *ret_state goes to load and close. On failure nothing is left to be closed. */
	bool (*open)(const struct token *token, void **ret_state, struct error *error);
	/* `uri` names exactly one private key. Owned. */
	bool (*load)(void *state, const char *uri, EVP_PKEY **ret_key, struct error *error);
	void (*close)(void *state);
};

/* Without WITH_ENGINE it only knows how to say so. */
extern const struct signer_backend signer_engine;
