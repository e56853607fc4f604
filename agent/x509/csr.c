#include "agent/x509/csr.h"

#include "agent/x509/output.h"
#include "base/scoped.h"

#include <openssl/err.h>
#include <openssl/pem.h>

static bool sign(EVP_PKEY *key, EVP_PKEY *public_key, const X509_NAME *subject,
    X509_REQ **ret_request, enum csr_signature *ret_signature, struct error *error)
{
	scoped(X509_REQ) X509_REQ *request = X509_REQ_new();

	if (!request || !X509_REQ_set_version(request, X509_REQ_VERSION_1)
	    || !X509_REQ_set_subject_name(request, subject)
	    || !X509_REQ_set_pubkey(request, public_key))
		return error_set_openssl(
		    error, ERROR_INTERNAL, "cannot fill in the certificate request");
	if (X509_REQ_sign(request, key, EVP_sha256()) <= 0) {
		*ret_signature = CSR_SIGNATURE_MISSING;
		return error_set_openssl(
		    error, ERROR_TOKEN, "the key would not sign the certificate request");
	}

	*ret_request = take(request);
	return true;
}

/* The object that was just signed holds the signer's key and would ask the signer itself. */
static bool read_back(X509_REQ *request, X509_REQ **ret_copy, struct error *error)
{
	scoped(openssl_bytes) unsigned char *der = NULL;
	int length = i2d_X509_REQ(request, &der);
	const unsigned char *at = der;
	X509_REQ *copy = length > 0 ? d2i_X509_REQ(NULL, &at, length) : NULL;

	if (!copy)
		return error_set_openssl(
		    error, ERROR_INTERNAL, "the certificate request cannot be read back");
	*ret_copy = copy;
	return true;
}

/* In software: the copy's key was decoded from its DER. */
static bool check(X509_REQ *copy, const EVP_PKEY *public_key, enum csr_signature *ret_signature,
    struct error *error)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(copy);
	int algorithm = X509_REQ_get_signature_nid(copy);

	if (!key || EVP_PKEY_eq(key, public_key) != 1)
		return error_set_openssl(error, ERROR_INTERNAL,
		    "the certificate request does not carry the public key of the key pair");

	*ret_signature = CSR_SIGNATURE_WRONG;
	if (algorithm != NID_sha256WithRSAEncryption)
		return error_set(error, ERROR_TOKEN,
		    "the certificate request is signed with %s instead of %s",
		    OBJ_nid2ln(algorithm), OBJ_nid2ln(NID_sha256WithRSAEncryption));
	if (X509_REQ_verify(copy, key) != 1)
		return error_set_openssl(error, ERROR_TOKEN,
		    "the signature of the certificate request does not verify with the public key "
		    "of the key pair");
	*ret_signature = CSR_SIGNATURE_RIGHT;
	return true;
}

static bool format(X509_REQ *request, char **ret_pem, struct error *error)
{
	scoped(BIO) BIO *output = BIO_new(BIO_s_mem());

	if (!output || !PEM_write_bio_X509_REQ(output, request))
		return error_set_openssl(
		    error, ERROR_INTERNAL, "cannot write the certificate request");
	return output_copy(output, ret_pem, error);
}

bool csr_build(EVP_PKEY *key, EVP_PKEY *public_key, const X509_NAME *subject, char **ret_pem,
    enum csr_signature *ret_signature, struct error *error)
{
	scoped(X509_REQ) X509_REQ *request = NULL;
	scoped(X509_REQ) X509_REQ *copy = NULL;

	*ret_signature = CSR_SIGNATURE_UNKNOWN;
	ERR_clear_error();
	return sign(key, public_key, subject, &request, ret_signature, error)
	       && read_back(request, &copy, error) && check(copy, public_key, ret_signature, error)
	       && format(copy, ret_pem, error);
}
