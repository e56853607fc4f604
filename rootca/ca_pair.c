#include "rootca/ca_pair.h"

#include "agent/x509/bundle.h"
#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"
#include "base/scoped.h"
#include "rootca/wiping.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define KEY_BITS_LEAST 2048

/* Nobody is asked for a passphrase. */
static int refuse_passphrase(char *target, int size, int writing, void *encrypted)
{
	(void)target;
	(void)size;
	(void)writing;
	*(bool *)encrypted = true;
	return -1;
}

static bool read_key(
    const char *pem, size_t length, const char *name, EVP_PKEY **ret_key, struct error *error)
{
	scoped(BIO) BIO *input = NULL;
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	bool encrypted = false;

	if (length > INT_MAX)
		return error_set(error, ERROR_CONFIG, "%s: ca.key is too long", name);
	ERR_clear_error();
	input = BIO_new_mem_buf(pem, (int)length);
	key = input ? PEM_read_bio_PrivateKey(input, NULL, refuse_passphrase, &encrypted) : NULL;
	if (encrypted)
		return error_set(error, ERROR_CONFIG,
		    "%s: ca.key is encrypted, which the Connector cannot use either: decrypt it",
		    name);
	if (!key)
		return error_set_openssl(
		    error, ERROR_CONFIG, "%s: ca.key is not a private key in PEM", name);
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return error_set(error, ERROR_CONFIG,
		    "%s: ca.key is a key of the kind %s; the Connector signs with RSA only", name,
		    EVP_PKEY_get0_type_name(key));
	if (EVP_PKEY_get_bits(key) < KEY_BITS_LEAST)
		return error_set(error, ERROR_CONFIG, "%s: ca.key has %d bits, %d are the least",
		    name, EVP_PKEY_get_bits(key), KEY_BITS_LEAST);

	*ret_key = take(key);
	return true;
}

/* The gateway trusts the root above an intermediate CA, so that the two Secrets have no CA in common. */
static bool check_root(X509 *certificate, const char *name, struct error *error)
{
	scoped(char) char *issuer = NULL;

	if (certificate_is_self_signed(certificate))
		return true;
	return subject_format(X509_get_issuer_name(certificate), &issuer, error)
	       && error_set(error, ERROR_CONFIG,
		   "%s: ca.crt is not self-signed but issued by %.200s: an intermediate CA is not "
		   "rotated like a root CA, and root-ca does not do it: the gateway has to go on "
		   "trusting the root",
		   name, issuer);
}

bool ca_pair_parse_certificate(
    const char *pem, size_t length, const char *name, struct ca_pair *pair, struct error *error)
{
	scoped(X509_STACK) STACK_OF(X509) *certificates = NULL;
	char what[600];

	(void)snprintf(what, sizeof(what), "ca.crt of the Secret %s", name);
	if (!bundle_parse(pem, length, 1, what, ERROR_CONFIG, &certificates, error)
	    || !check_root(sk_X509_value(certificates, 0), name, error))
		return false;
	pair->certificate = sk_X509_pop(certificates);
	return true;
}

bool ca_pair_parse_key(
    const char *pem, size_t length, const char *name, struct ca_pair *pair, struct error *error)
{
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;

	if (!read_key(pem, length, name, &key, error))
		return false;
	if (X509_check_private_key(pair->certificate, key) != 1) {
		ERR_clear_error();
		return error_set(error, ERROR_CONFIG,
		    "%s: ca.key does not belong to ca.crt: the Secret was edited by halves", name);
	}
	pair->key = take(key);
	return true;
}

void ca_pair_clear(struct ca_pair *pair)
{
	X509_free(pair->certificate);
	EVP_PKEY_free(pair->key);
	*pair = (struct ca_pair){ NULL, NULL };
}

bool ca_pair_format_key(EVP_PKEY *key, char **ret_pem, size_t *ret_length, struct error *error)
{
	scoped(BIO) BIO *output = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	long length;
	char *pem;

	if (!output
	    || !PEM_write_bio_PrivateKey_traditional(output, key, NULL, NULL, 0, NULL, NULL))
		return error_set_openssl(error, ERROR_INTERNAL, "cannot write the new CA's key");
	length = BIO_get_mem_data(output, &bytes);
	pem = malloc((size_t)length + 1);
	if (!pem)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	memcpy(pem, bytes, (size_t)length);
	pem[length] = '\0';

	*ret_pem = pem;
	*ret_length = (size_t)length;
	return true;
}
