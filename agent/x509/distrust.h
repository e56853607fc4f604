#pragma once
/*
 * CAs that nothing of ours may come from any more: after a compromise their certificates are in
 * order by every other measure. Named by SHA-256, lower case hex, of the certificate's DER, or of
 * its public key (SubjectPublicKeyInfo), which stands for every CA certificate with that key.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

struct distrust {
	const char *const *fingerprints; /* borrowed */
	size_t count;
};

bool distrust_covers(const struct distrust *distrust, const X509 *authority);
/* The first of them that is distrusted; borrowed. NULL: none. */
X509 *distrust_find(const struct distrust *distrust, const STACK_OF(X509) *authorities);
/* Moves the distrusted ones out of the stack. */
MUST_CHECK bool distrust_remove(const struct distrust *distrust, STACK_OF(X509) *authorities,
    STACK_OF(X509) *removed, struct error *error);
