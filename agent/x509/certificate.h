#pragma once
/*
 * What is asked about one certificate. Moments are seconds since 1970-01-01 UTC.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#define CERTIFICATE_SHA256_TEXT_SIZE 65
#define CERTIFICATE_DESCRIPTION_SIZE 256

/* SHA-256 of the DER, lower case hex: how a certificate is named everywhere (serial numbers of
   the Connector are all 2). */
void certificate_sha256(const X509 *certificate, char text[CERTIFICATE_SHA256_TEXT_SIZE]);
/* Of the SubjectPublicKeyInfo. */
void certificate_key_sha256(const X509 *certificate, char text[CERTIFICATE_SHA256_TEXT_SIZE]);
/* ERROR_VERIFICATION unless they are written as RFC 5280, 4.1.2.5 demands: to the second, UTC. */
MUST_CHECK bool certificate_dates(
    const X509 *certificate, int64_t *ret_not_before, int64_t *ret_not_after, struct error *error);
/* Of the certificate of the chain that ends first: *ret_first is borrowed from it, NULL of an empty
   one. As certificate_dates fails. */
MUST_CHECK bool certificate_first_end(
    const STACK_OF(X509) *chain, X509 **ret_first, int64_t *ret_end, struct error *error);
/* The size of its RSA modulus; 0 for a key of another kind. */
unsigned certificate_key_bits(const X509 *certificate);
/* By name and signature; whether the issuer may issue is not looked at. */
bool certificate_is_issued_by(X509 *certificate, X509 *issuer);
bool certificate_is_self_signed(X509 *certificate);
/* False for MD5, SHA-1, whatever else offers less than 112 bits, and the unknown. */
bool certificate_is_signature_strong(X509 *certificate);
/* For messages: subject and the start of the SHA-256, cut where it gets long. */
void certificate_describe(const X509 *certificate, char text[CERTIFICATE_DESCRIPTION_SIZE]);
