#include "agent/state/key_pem.h"

#include "base/scoped.h"
#include "base/text.h"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <string.h>

#define PEM_LABEL "PKCS#11 PROVIDER URI"
#define DESCRIPTION "PKCS#11 Provider URI v1.0"
#define PEM_SIZE_MAX 65536

static inline void free_sequence(ASN1_SEQUENCE_ANY *sequence)
{
	sk_ASN1_TYPE_pop_free(sequence, ASN1_TYPE_free);
}

static inline void free_der(unsigned char *der)
{
	OPENSSL_free(der);
}

DEFINE_SCOPED(sequence, ASN1_SEQUENCE_ANY *, free_sequence)
DEFINE_SCOPED(element, ASN1_TYPE *, ASN1_TYPE_free)
DEFINE_SCOPED(string, ASN1_STRING *, ASN1_STRING_free)
DEFINE_SCOPED(der, unsigned char *, free_der)

static bool add_string(ASN1_SEQUENCE_ANY *sequence, int type, const char *text)
{
	scoped(string) ASN1_STRING *string = ASN1_STRING_type_new(type);
	scoped(element) ASN1_TYPE *element = ASN1_TYPE_new();

	if (!string || !element || !ASN1_STRING_set(string, text, (int)strlen(text)))
		return false;
	ASN1_TYPE_set(element, type, take(string));
	if (sk_ASN1_TYPE_push(sequence, element) <= 0)
		return false;
	(void)take(element);
	return true;
}

bool key_pem_format(const char *uri, char **ret_pem, struct error *error)
{
	scoped(sequence) ASN1_SEQUENCE_ANY *sequence = sk_ASN1_TYPE_new_null();
	scoped(BIO) BIO *bio = BIO_new(BIO_s_mem());
	scoped(text) struct text_buffer pem = TEXT_BUFFER_INIT(PEM_SIZE_MAX);
	scoped(der) unsigned char *der = NULL;
	char *bytes;
	int length;
	long size;

	if (!sequence || !bio || !add_string(sequence, V_ASN1_VISIBLESTRING, DESCRIPTION)
	    || !add_string(sequence, V_ASN1_UTF8STRING, uri))
		return error_set(error, ERROR_INTERNAL, "no memory for the PEM form of %s", uri);
	length = i2d_ASN1_SEQUENCE_ANY(sequence, &der);
	if (length <= 0 || PEM_write_bio(bio, PEM_LABEL, "", der, length) <= 0)
		return error_set_openssl(
		    error, ERROR_INTERNAL, "cannot write the PEM form of %s", uri);
	size = BIO_get_mem_data(bio, &bytes);
	text_add(&pem, bytes, (size_t)size);
	return text_take(&pem, ret_pem, error);
}
