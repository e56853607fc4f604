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
	X509 *certificate; /* owned */
	EVP_PKEY *key;     /* owned; RSA, with its private half */
};

/* ERROR_CONFIG, with `name` as the Secret's: not one certificate, a key that is encrypted, not RSA,
   too short, or another certificate's. */
MUST_CHECK bool ca_pair_parse(const char *certificate_pem, size_t certificate_length,
    const char *key_pem, size_t key_length, const char *name, struct ca_pair *ret_pair,
    struct error *error);
void ca_pair_clear(struct ca_pair *pair);

/* PKCS #1, as the Connector and the seed's openssl have it. Owned: wiped_free. */
MUST_CHECK bool ca_pair_format_key(
    EVP_PKEY *key, char **ret_pem, size_t *ret_length, struct error *error);

__attribute__((unused)) static inline void scoped_destroy_ca_pair(struct ca_pair *pair)
{
	ca_pair_clear(pair);
}
