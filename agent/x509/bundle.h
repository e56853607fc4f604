#pragma once
/*
 * PEM bundles of certificates, bounded and strict: CERTIFICATE blocks and blank lines only.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#define BUNDLE_SIZE_MAX 131072
#define BUNDLE_COUNT_MAX 20

/* `what` names the source; `kind` is the error's. At least one, at most `most` certificates; DER
   without trailing bytes. Owned: sk_X509_pop_free. */
MUST_CHECK bool bundle_parse(const char *pem, size_t length, size_t most, const char *what,
    enum error_kind kind, STACK_OF(X509) **ret_certificates, struct error *error);
/* The same, of certificates that are only looked at (keyless.h), in a tenth of the time. The last
   bundle of several that may be is kept, and read once for all: most identities of a host have the
   same CAs. The certificates are shared: nobody changes one. */
MUST_CHECK bool bundle_skim(const char *pem, size_t length, size_t most, const char *what,
    enum error_kind kind, STACK_OF(X509) **ret_certificates, struct error *error);
/* first may be NULL, rest may be NULL. PEM, a newline at the end. Owned. */
MUST_CHECK bool bundle_format(
    X509 *first, const STACK_OF(X509) *rest, char **ret_pem, struct error *error);
