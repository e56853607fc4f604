#include "agent/x509/key_signature.h"

#include "base/scoped.h"

#include <openssl/err.h>
#include <openssl/rand.h>

bool key_signature_make(EVP_PKEY *key, struct key_signature *ret_signature, struct error *error)
{
	scoped(EVP_MD_CTX) EVP_MD_CTX *signing = EVP_MD_CTX_new();
	struct key_signature signature = { .length = sizeof(signature.bytes) };

	ERR_clear_error();
	if (!signing || RAND_bytes(signature.text, sizeof(signature.text)) != 1)
		return error_set_openssl(error, ERROR_INTERNAL, "no memory for a signature");
	if (EVP_DigestSignInit(signing, NULL, EVP_sha256(), NULL, key) <= 0
	    || EVP_DigestSign(signing, signature.bytes, &signature.length, signature.text,
		   sizeof(signature.text))
		   <= 0)
		return error_set_openssl(error, ERROR_TOKEN, "the key does not sign");
	*ret_signature = signature;
	return true;
}

bool key_signature_is_of(const struct key_signature *signature, X509 *certificate)
{
	scoped(EVP_MD_CTX) EVP_MD_CTX *verifying = EVP_MD_CTX_new();
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	bool is = verifying && key && EVP_PKEY_is_a(key, "RSA")
		  && EVP_DigestVerifyInit(verifying, NULL, EVP_sha256(), NULL, key) > 0
		  && EVP_DigestVerify(verifying, signature->bytes, signature->length,
			 signature->text, sizeof(signature->text))
			 == 1;

	ERR_clear_error();
	return is;
}
