#include "pkcs11/certificate_object.h"

#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/key_pair_read.h"
#include "pkcs11/module.h"
#include "pkcs11/object.h"
#include "pkcs11/token.h"

#include <openssl/sha.h>
#include <string.h>

/* The largest that is read; one for a client has 1 to 3 KiB. */
#define VALUE_SIZE_MAX 16384

/* DER, as the attributes want it; owned. */
struct encoded {
	unsigned char *value, *subject, *issuer, *serial;
	int value_length, subject_length, issuer_length, serial_length;
};

static void scoped_destroy_encoded(struct encoded *encoded)
{
	OPENSSL_free(encoded->value);
	OPENSSL_free(encoded->subject);
	OPENSSL_free(encoded->issuer);
	OPENSSL_free(encoded->serial);
}

static bool encode(const X509 *certificate, struct encoded *encoded, struct error *error)
{
	encoded->value_length = i2d_X509(certificate, &encoded->value);
	encoded->subject_length =
	    i2d_X509_NAME(X509_get_subject_name(certificate), &encoded->subject);
	encoded->issuer_length = i2d_X509_NAME(X509_get_issuer_name(certificate), &encoded->issuer);
	encoded->serial_length =
	    i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &encoded->serial);
	if (encoded->value_length > 0 && encoded->subject_length > 0 && encoded->issuer_length > 0
	    && encoded->serial_length > 0)
		return true;
	return error_set_openssl(error, ERROR_INTERNAL, "cannot encode a certificate");
}

/* ERROR_TOKEN "cannot <verb> the certificate beside the key <id> ...: CKR_...". Returns false. */
static bool object_error(struct error *error, CK_RV result, const char *verb,
    const struct token *token, const struct key_id *id)
{
	char text[KEY_ID_TEXT_SIZE];

	key_id_format(id, text);
	return module_error(error, result,
	    "cannot %s the certificate beside the key %s in the token %s%s", verb, text,
	    token_name(token),
	    result == CKR_DEVICE_MEMORY ? " (the token is full: destroy what is not needed)" : "");
}

static CK_RV keep_ours(
    const struct token *token, const char *label_prefix, struct object_list *objects)
{
	size_t kept = 0;

	for (size_t i = 0; i < objects->count; i++) {
		char label[KEY_LABEL_SIZE];
		CK_RV result = key_label_read(token, objects->handles[i], label, sizeof(label));

		if (result == CKR_OBJECT_HANDLE_INVALID)
			continue;
		if (result != CKR_OK)
			return result;
		if (text_starts_with(label, label_prefix))
			objects->handles[kept++] = objects->handles[i];
	}
	objects->count = kept;
	return CKR_OK;
}

static CK_RV find_ours(const struct token *token, const struct key_id *id, const char *label_prefix,
    struct object_list *ret_objects)
{
	CK_RV result = object_find_class(token, CKO_CERTIFICATE, id, ret_objects);

	return result == CKR_OK ? keep_ours(token, label_prefix, ret_objects) : result;
}

/* Byte by byte: a write that was cut, or that the token has done otherwise, is seen. Into as much
   room as is wanted: NSS refuses a number more room than it has bytes. */
static CK_RV compare(const struct token *token, CK_OBJECT_HANDLE object,
    const CK_ATTRIBUTE *attributes, CK_ULONG count, bool *ret_equal)
{
	unsigned char bytes[VALUE_SIZE_MAX];

	*ret_equal = false;
	for (CK_ULONG i = 0; i < count; i++) {
		const CK_ATTRIBUTE *wanted = &attributes[i];
		size_t length;
		CK_RV result;

		if (wanted->ulValueLen > sizeof(bytes))
			return CKR_OK;
		result =
		    object_read(token, object, wanted->type, bytes, wanted->ulValueLen, &length);
		if (result == CKR_BUFFER_TOO_SMALL)
			return CKR_OK;
		if (result != CKR_OK)
			return result;
		if (length != wanted->ulValueLen || memcmp(bytes, wanted->pValue, length) != 0)
			return CKR_OK;
	}
	*ret_equal = true;
	return CKR_OK;
}

/* *ret_object: the first that is what it should be; CK_INVALID_HANDLE when none is. */
static CK_RV find_equal(const struct token *token, const struct object_list *objects,
    const CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *ret_object)
{
	*ret_object = CK_INVALID_HANDLE;
	for (size_t i = 0; i < objects->count; i++) {
		bool equal = false;
		CK_RV result = compare(token, objects->handles[i], attributes, count, &equal);

		if (result != CKR_OK)
			return result;
		if (equal) {
			*ret_object = objects->handles[i];
			return CKR_OK;
		}
	}
	return CKR_OK;
}

/* *ret_result: what C_CreateObject answered. */
static bool create(const struct token *token, const struct key_id *id, CK_ATTRIBUTE *attributes,
    CK_ULONG count, CK_OBJECT_HANDLE *ret_object, CK_RV *ret_result, struct error *error)
{
	CK_OBJECT_HANDLE object;
	char text[KEY_ID_TEXT_SIZE];
	bool equal = false;
	size_t destroyed = 0;
	CK_RV result = token_functions(token)->C_CreateObject(
	    token_session(token), attributes, count, &object);

	*ret_result = result;
	if (result == CKR_OK)
		result = compare(token, object, attributes, count, &equal);
	if (result != CKR_OK)
		return object_error(error, result, "store", token, id);
	if (!equal) {
		key_id_format(id, text);
		(void)!object_destroy(token, object, &destroyed);
		return error_set(error, ERROR_TOKEN,
		    "the token %s gives the certificate beside the key %s back otherwise than it "
		    "was stored",
		    token_name(token), text);
	}
	*ret_object = object;
	return true;
}

static CK_RV destroy_others(const struct token *token, const struct object_list *objects,
    CK_OBJECT_HANDLE kept, size_t *destroyed)
{
	CK_RV result = CKR_OK;

	for (size_t i = 0; i < objects->count && result == CKR_OK; i++)
		if (objects->handles[i] != kept)
			result = object_destroy(token, objects->handles[i], destroyed);
	return result;
}

/* Of ours, the certificates of the same issuer and serial number. */
static CK_RV destroy_namesakes(const struct token *token, const char *label_prefix,
    const CK_ATTRIBUTE *attributes, CK_ULONG count, size_t *destroyed)
{
	scoped(object_list) struct object_list namesakes = { NULL, 0 };
	CK_ATTRIBUTE wanted[3];
	CK_ULONG used = 0;
	CK_RV result;

	for (CK_ULONG i = 0; i < count && used < ARRAY_LENGTH(wanted); i++)
		if (attributes[i].type == CKA_CLASS || attributes[i].type == CKA_ISSUER
		    || attributes[i].type == CKA_SERIAL_NUMBER)
			wanted[used++] = attributes[i];
	result = object_find(token, wanted, used, &namesakes);
	if (result == CKR_OK)
		result = keep_ours(token, label_prefix, &namesakes);
	if (result == CKR_OK)
		result = destroy_others(token, &namesakes, CK_INVALID_HANDLE, destroyed);
	return result;
}

/* NSS keeps one certificate of an issuer and serial number, refuses another (CKR_GENERAL_ERROR), and
   all of the Connector's have the serial number 2: then the one before has to go first. */
static bool create_alone(const struct token *token, const struct key_id *id,
    const char *label_prefix, CK_ATTRIBUTE *attributes, CK_ULONG count,
    CK_OBJECT_HANDLE *ret_object, struct error *error)
{
	size_t destroyed = 0;
	CK_RV result;

	if (create(token, id, attributes, count, ret_object, &result, error))
		return true;
	if (result != CKR_GENERAL_ERROR
	    || destroy_namesakes(token, label_prefix, attributes, count, &destroyed) != CKR_OK
	    || destroyed == 0)
		return false;
	error_clear(error);
	return create(token, id, attributes, count, ret_object, &result, error);
}

bool certificate_object_store(const struct token *token, const struct key_id *id, const char *label,
    const char *label_prefix, const X509 *certificate, struct error *error)
{
	scoped(encoded) struct encoded encoded = { 0 };
	scoped(object_list) struct object_list present = { NULL, 0 };
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL no = CK_FALSE;
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	size_t destroyed = 0;
	CK_RV result;

	if (!encode(certificate, &encoded, error))
		return false;

	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_CERTIFICATE_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &no, sizeof(no) },
		{ CKA_LABEL, (void *)label, strlen(label) },
		{ CKA_ID, (void *)id->bytes, id->length },
		{ CKA_SUBJECT, encoded.subject, (CK_ULONG)encoded.subject_length },
		{ CKA_ISSUER, encoded.issuer, (CK_ULONG)encoded.issuer_length },
		{ CKA_SERIAL_NUMBER, encoded.serial, (CK_ULONG)encoded.serial_length },
		{ CKA_VALUE, encoded.value, (CK_ULONG)encoded.value_length },
	};

	result = find_ours(token, id, label_prefix, &present);
	if (result == CKR_OK)
		result = find_equal(token, &present, attributes, ARRAY_LENGTH(attributes), &object);
	if (result != CKR_OK)
		return object_error(error, result, "look for", token, id);
	if (object == CK_INVALID_HANDLE
	    && !create_alone(
		token, id, label_prefix, attributes, ARRAY_LENGTH(attributes), &object, error))
		return false;
	result = destroy_others(token, &present, object, &destroyed);
	return result == CKR_OK || object_error(error, result, "replace", token, id);
}

bool certificate_object_sha256(const struct token *token, const struct key_id *id,
    const char *label_prefix, char ret_sha256[CERTIFICATE_OBJECT_SHA256_SIZE], struct error *error)
{
	scoped(object_list) struct object_list objects = { NULL, 0 };
	unsigned char digest[SHA256_DIGEST_LENGTH];
	unsigned char value[VALUE_SIZE_MAX];
	size_t length = 0;
	CK_RV result = find_ours(token, id, label_prefix, &objects);

	if (result == CKR_OK && objects.count > 0)
		result = object_read(
		    token, objects.handles[0], CKA_VALUE, value, sizeof(value), &length);
	ret_sha256[0] = '\0';
	if (result == CKR_BUFFER_TOO_SMALL)
		return true;
	if (result != CKR_OK)
		return object_error(error, result, "read", token, id);
	if (length == 0 || length == OBJECT_UNKNOWN)
		return true;
	SHA256(value, length, digest);
	text_to_hex(digest, sizeof(digest), ret_sha256);
	return true;
}

bool certificate_object_destroy(const struct token *token, const struct key_id *id,
    const char *label_prefix, size_t *ret_destroyed, struct error *error)
{
	scoped(object_list) struct object_list objects = { NULL, 0 };
	size_t destroyed = 0;
	CK_RV result = find_ours(token, id, label_prefix, &objects);

	if (result == CKR_OK)
		result = destroy_others(token, &objects, CK_INVALID_HANDLE, &destroyed);
	if (result != CKR_OK)
		return object_error(error, result, "destroy", token, id);

	if (ret_destroyed)
		*ret_destroyed = destroyed;
	return true;
}
