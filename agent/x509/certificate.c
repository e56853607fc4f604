#include "agent/x509/certificate.h"

#include "agent/x509/subject.h"
#include "base/scoped.h"
#include "base/text.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <time.h>

#define SECONDS_PER_DAY ((int64_t)24 * 60 * 60)
#define SHORT_DIGITS 16
#define STRENGTH_LEAST 112         /* bits: SHA-1 has 63 in OpenSSL's table, SHA-224 has 112 */
#define UTC_TIME_LENGTH 13         /* YYMMDDHHMMSSZ */
#define GENERALIZED_TIME_LENGTH 15 /* YYYYMMDDHHMMSSZ */

static void hash(const unsigned char *bytes, int length, char text[CERTIFICATE_SHA256_TEXT_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	/* Without memory, or for a certificate that cannot be encoded again: a bug either way. */
	if (length <= 0 || !EVP_Digest(bytes, (size_t)length, digest, NULL, EVP_sha256(), NULL))
		abort();
	text_to_hex(digest, (CERTIFICATE_SHA256_TEXT_SIZE - 1) / 2, text);
}

void certificate_sha256(const X509 *certificate, char text[CERTIFICATE_SHA256_TEXT_SIZE])
{
	scoped(openssl_bytes) unsigned char *der = NULL;
	int length = i2d_X509(certificate, &der);

	hash(der, length, text);
}

void certificate_key_sha256(const X509 *certificate, char text[CERTIFICATE_SHA256_TEXT_SIZE])
{
	scoped(openssl_bytes) unsigned char *der = NULL;
	int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	hash(der, length, text);
}

/* time_t ends in 2038 on 32-bit hosts, certificates may last until 9999. */
static bool read_time(const ASN1_TIME *time, int64_t *ret_seconds)
{
	struct tm epoch = { .tm_year = 70, .tm_mday = 1 };
	int kind = ASN1_STRING_type(time);
	int length = ASN1_STRING_length(time);
	struct tm moment;
	int days;
	int seconds;

	if (length != (kind == V_ASN1_UTCTIME ? UTC_TIME_LENGTH : GENERALIZED_TIME_LENGTH))
		return false;
	if (ASN1_STRING_get0_data(time)[length - 1] != 'Z' || !ASN1_TIME_to_tm(time, &moment)
	    || !OPENSSL_gmtime_diff(&days, &seconds, &epoch, &moment))
		return false;
	*ret_seconds = days * SECONDS_PER_DAY + seconds;
	return true;
}

bool certificate_dates(
    const X509 *certificate, int64_t *ret_not_before, int64_t *ret_not_after, struct error *error)
{
	char description[CERTIFICATE_DESCRIPTION_SIZE];
	int64_t not_before;
	int64_t not_after;

	if (!read_time(X509_get0_notBefore(certificate), &not_before)
	    || !read_time(X509_get0_notAfter(certificate), &not_after)) {
		ERR_clear_error();
		certificate_describe(certificate, description);
		return error_set(error, ERROR_VERIFICATION,
		    "the certificate %s has dates that cannot be read", description);
	}

	*ret_not_before = not_before;
	*ret_not_after = not_after;
	return true;
}

bool certificate_first_end(
    const STACK_OF(X509) *chain, X509 **ret_first, int64_t *ret_end, struct error *error)
{
	X509 *first = NULL;
	int64_t end = INT64_MAX;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		int64_t not_before = 0;
		int64_t not_after = 0;

		if (!certificate_dates(sk_X509_value(chain, i), &not_before, &not_after, error))
			return false;
		if (first && not_after >= end)
			continue;
		end = not_after;
		first = sk_X509_value(chain, i);
	}

	*ret_first = first;
	*ret_end = end;
	return true;
}

/* RSAPublicKey, RFC 8017, A.1.1: modulus and exponent. */
static unsigned rsa_bits(const unsigned char *der, int length)
{
	ASN1_SEQUENCE_ANY *sequence = d2i_ASN1_SEQUENCE_ANY(NULL, &der, length);
	const ASN1_TYPE *first =
	    sk_ASN1_TYPE_num(sequence) == 2 ? sk_ASN1_TYPE_value(sequence, 0) : NULL;
	BIGNUM *modulus = NULL;
	int bits = 0;

	if (first && ASN1_TYPE_get(first) == V_ASN1_INTEGER)
		modulus = ASN1_INTEGER_to_BN(first->value.integer, NULL);
	if (modulus)
		bits = BN_num_bits(modulus);
	BN_free(modulus);
	sk_ASN1_TYPE_pop_free(sequence, ASN1_TYPE_free);
	return (unsigned)bits;
}

/* From its encoding: the certificate may be one without a decoded key (keyless.h). */
unsigned certificate_key_bits(const X509 *certificate)
{
	const unsigned char *der = NULL;
	ASN1_OBJECT *algorithm = NULL;
	unsigned bits = 0;
	int length = 0;

	if (X509_PUBKEY_get0_param(
		&algorithm, &der, &length, NULL, X509_get_X509_PUBKEY(certificate))
	    && OBJ_obj2nid(algorithm) == NID_rsaEncryption)
		bits = rsa_bits(der, length);
	ERR_clear_error();
	return bits;
}

/* Both keys were decoded from their certificates: this is software, whatever the signer is. */
bool certificate_is_issued_by(X509 *certificate, X509 *issuer)
{
	const X509_NAME *name = X509_get_issuer_name(certificate);
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool issued = key && X509_NAME_cmp(name, X509_get_subject_name(issuer)) == 0
		      && X509_verify(certificate, key) == 1;

	ERR_clear_error();
	return issued;
}

bool certificate_is_self_signed(X509 *certificate)
{
	return certificate_is_issued_by(certificate, certificate);
}

bool certificate_is_signature_strong(X509 *certificate)
{
	int bits = 0;

	return X509_get_signature_info(certificate, NULL, NULL, &bits, NULL)
	       && bits >= STRENGTH_LEAST;
}

void certificate_describe(const X509 *certificate, char text[CERTIFICATE_DESCRIPTION_SIZE])
{
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	scoped(char) char *subject = NULL;
	const char *name = "a name that cannot be read";

	certificate_sha256(certificate, sha256);
	if (subject_format(X509_get_subject_name(certificate), &subject, NULL))
		name = subject;
	text_format(text, CERTIFICATE_DESCRIPTION_SIZE, "\"%.*s\" (SHA-256 %.*s...)",
	    CERTIFICATE_DESCRIPTION_SIZE / 2, name, SHORT_DIGITS, sha256);
}
