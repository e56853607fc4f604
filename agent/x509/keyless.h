#pragma once
/*
 * For certificates that are only looked at. OpenSSL decodes the public key of each certificate that
 * it reads, by a search through all decoders of the library context: nine tenths of the time. In this
 * context there are none, and the key stays what it is in the file. Names, dates, extensions and
 * the encoding are as in any other; X509_get0_pubkey finds no key, and what fetches an algorithm by
 * the certificate (X509_verify, X509_digest) fails.
 */
#include <openssl/types.h>

/* Made at the first call, and the same one for the life of the process, so that no certificate
   outlives it; NULL, which stands for the default one, when it cannot be made. */
OSSL_LIB_CTX *keyless_context(void);
