#include "rootca/new_ca.h"

#include "agent/x509/certificate.h"
#include "base/scoped.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <time.h>

#define KEY_BITS 4096
#define SERIAL_BITS 127 /* positive, and at most 20 bytes (RFC 5280, 4.1.2.2) */
#define DAY (24 * 60 * 60)
#define BACKDATED INT64_C(5 * 60) /* hosts whose clocks are a little behind */

bool new_ca_key(EVP_PKEY **ret_key, struct error *error)
{
	EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);

	if (!key)
		return error_set_openssl(
		    error, ERROR_INTERNAL, "cannot generate an RSA key of %d bits", KEY_BITS);
	*ret_key = key;
	return true;
}

static bool set_serial(X509 *certificate)
{
	BIGNUM *number = BN_new();
	bool set = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY)
		   && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));

	BN_free(number);
	return set;
}

/* Younger than the old one in any case: that is how the two are told apart. */
static bool set_dates(X509 *certificate, const X509 *old, int64_t now, uint32_t days)
{
	struct error ignored = ERROR_INIT;
	int64_t from = now - BACKDATED;
	int64_t old_from = 0;
	int64_t old_to = 0;

	if (certificate_dates(old, &old_from, &old_to, &ignored) && old_from >= from)
		from = old_from + 1;
	return ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)from)
	       && ASN1_TIME_adj(X509_getm_notAfter(certificate), (time_t)now, (int)days, 0);
}

static bool add(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool added;

	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	added = extension && X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return added;
}

/* For the same key the same octets as the old certificate has, however these were made. */
static bool add_key_identifier(X509 *certificate, const EVP_PKEY *key, const X509 *old)
{
	const ASN1_OCTET_STRING *kept = X509_get0_subject_key_id((X509 *)old);

	if (!kept || EVP_PKEY_eq(key, X509_get0_pubkey(old)) != 1)
		return add(certificate, NID_subject_key_identifier, "hash");
	return X509_add1_ext_i2d(
		   certificate, NID_subject_key_identifier, (void *)kept, 0, X509V3_ADD_DEFAULT)
	       == 1;
}

static bool fill(X509 *certificate, EVP_PKEY *key, const X509_NAME *subject, const X509 *old)
{
	return X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate)
	       && X509_set_subject_name(certificate, subject)
	       && X509_set_issuer_name(certificate, subject) && X509_set_pubkey(certificate, key)
	       && add(certificate, NID_basic_constraints, "critical,CA:TRUE")
	       && add(certificate, NID_key_usage, "critical,keyCertSign,cRLSign")
	       && add_key_identifier(certificate, key, old)
	       && add(certificate, NID_authority_key_identifier, "keyid:always");
}

bool new_ca_certificate(EVP_PKEY *key, const X509_NAME *subject, const X509 *old, int64_t now,
    uint32_t days, X509 **ret_certificate, struct error *error)
{
	scoped(X509) X509 *certificate = X509_new();

	ERR_clear_error();
	if (!certificate || !set_dates(certificate, old, now, days)
	    || !fill(certificate, key, subject, old)
	    || X509_sign(certificate, key, EVP_sha256()) <= 0)
		return error_set_openssl(
		    error, ERROR_INTERNAL, "cannot make the new CA's certificate");

	*ret_certificate = take(certificate);
	return true;
}
