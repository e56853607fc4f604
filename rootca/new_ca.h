#pragma once
/*
 * A new root CA certificate (RFC 5280): version 3, a random serial number, basicConstraints and key usage
 * critical, SKI and AKI.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/* RSA of 4096 bits. Owned. */
MUST_CHECK bool new_ca_key(EVP_PKEY **ret_key, struct error *error);
/* Self-signed, valid from a little before `now` for `days` days after it. `old`: the certificate
   that it takes the place of, and after which it begins. If its key is the same, its SKI is kept, so
   that what was issued under the old one is also issued under the new one. Owned. */
MUST_CHECK bool new_ca_certificate(EVP_PKEY *key, const X509_NAME *subject, const X509 *old,
    int64_t now, uint32_t days, X509 **ret_certificate, struct error *error);
