#pragma once
/*
 * The way from a certificate up through the CA certificates that came with it.
 *
 * Their order says nothing: an issuer is who has the name and whose key made the signature. Two
 * CAs may share a name and even a key (a renewed root). The way ends at a self-signed CA, or below
 * an issuer that did not come. Nothing becomes trusted by it.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/* Each CA may issue certificates, is valid at `moment` and has begun by `latest_start` (clocks
   differ). `candidates` in any order, at most twice BUNDLE_COUNT_MAX, repetitions are fine. The
   chain has one CA at least, the issuing one first. Owned. Failures are ERROR_VERIFICATION. */
MUST_CHECK bool chain_build(X509 *leaf, const STACK_OF(X509) *candidates, int64_t moment,
    int64_t latest_start, STACK_OF(X509) **ret_chain, struct error *error);

bool chain_contains(const STACK_OF(X509) *chain, const X509 *certificate);
