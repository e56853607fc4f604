#pragma once
/*
 * The certificate request (PKCS#10, RFC 2986): subject and key, signed with SHA-256 and PKCS#1
 * v1.5, since the Connector copies the request's signature algorithm into the certificate.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>

/* What became of it; another signer may do better than MISSING and WRONG. */
enum csr_signature {
	CSR_SIGNATURE_UNKNOWN, /* it was something else that failed */
	CSR_SIGNATURE_MISSING, /* the key did not sign */
	CSR_SIGNATURE_WRONG,   /* it did, and that does not verify */
	CSR_SIGNATURE_RIGHT,
};

/* Signed by `key`, written out, read back and verified in software from its DER, because some
   signers report success for a signature that is garbage; `public_key` is the software copy of
   the public half it must carry. *ret_signature is set in any case. The PEM is owned by the
   caller. */
MUST_CHECK bool csr_build(EVP_PKEY *key, EVP_PKEY *public_key, const X509_NAME *subject,
    char **ret_pem, enum csr_signature *ret_signature, struct error *error);
