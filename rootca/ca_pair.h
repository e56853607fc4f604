#pragma once
/*
 * The signer's CA: one certificate and its private key (ca.crt, ca.key).
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

struct ca_pair {
	X509 *certificate; /* owned; self-signed */
	EVP_PKEY *key;     /* owned; RSA, with its private half. NULL: there is none that fits */
};

/* One after the other into an empty pair. ERROR_CONFIG, with `name` as the Secret's: not one
   certificate, or an intermediate CA's. */
MUST_CHECK bool ca_pair_parse_certificate(
    const char *pem, size_t length, const char *name, struct ca_pair *pair, struct error *error);
/* ERROR_CONFIG: encrypted, not RSA, too short, or another certificate's. */
MUST_CHECK bool ca_pair_parse_key(
    const char *pem, size_t length, const char *name, struct ca_pair *pair, struct error *error);
void ca_pair_clear(struct ca_pair *pair);

/* PKCS #1, as the Connector and the seed's openssl have it. Owned: wiped_free. */
MUST_CHECK bool ca_pair_format_key(
    EVP_PKEY *key, char **ret_pem, size_t *ret_length, struct error *error);

__attribute__((unused)) static inline void scoped_destroy_ca_pair(struct ca_pair *pair)
{
	ca_pair_clear(pair);
}
