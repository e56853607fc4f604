#pragma once
/*
 * The private key of an adopted identity that is still in a file: PEM, RSA, PKCS#1 or PKCS#8, not
 * encrypted. It is read when a connection is made with it, and nothing of it is kept.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <stdbool.h>

/* ERROR_TOKEN when it is not there or no such key, ERROR_PERMISSION. *ret_exposed: everybody on this
   host may read it. The key is owned. */
MUST_CHECK bool key_file_load(
    const char *path, EVP_PKEY **ret_key, bool *ret_exposed, struct error *error);
