#pragma once
/*
 * A client certificate, its chain and its key, handed to TLS.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/ssl.h>
#include <stdbool.h>

struct https_identity;

/* The key is the certificate's. Compares public keys only: the token is not asked to sign. */
MUST_CHECK bool tls_identity_check(const struct https_identity *identity, struct error *error);
MUST_CHECK bool tls_identity_use(
    const struct https_identity *identity, SSL_CTX *context, struct error *error);
