#pragma once
/*
 * The certificate request (PKCS#10, RFC 2986): subject and key, signed with SHA-256 and PKCS#1
 * v1.5, since the Connector copies the request's signature algorithm into the certificate.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>

/* Signed by `key`, written out, read back and verified in software from its DER, because some
   signers report success for a signature that is garbage; `public_key` is the software copy of
   the public half it must carry. *ret_signature_wrong: whether it was the signature that failed
   (another signer may do better). The PEM is owned by the caller. */
MUST_CHECK bool csr_build(EVP_PKEY *key, EVP_PKEY *public_key, const X509_NAME *subject,
    char **ret_pem, bool *ret_signature_wrong, struct error *error);
