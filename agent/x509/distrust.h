#pragma once
/*
 * CAs that nothing of ours may come from any more: after a compromise their certificates are in
 * order by every other measure. Named by SHA-256, lower case hex, of the certificate's DER, or of
 * its public key (SubjectPublicKeyInfo), which stands for every CA certificate with that key.
 */
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
/* Takes the distrusted ones out of the stack. One of them that issued `leaf`, owned by the
   caller; NULL: none did. */
X509 *distrust_remove(const struct distrust *distrust, STACK_OF(X509) *authorities, X509 *leaf);
