#include "pkcs11/key_attributes.h"

#include "pkcs11/key_pair.h"
#include "pkcs11/object.h"
#include "pkcs11/token.h"

static const struct {
	CK_ATTRIBUTE_TYPE type;
	size_t offset;
} rows[] = {
	{ CKA_TOKEN, offsetof(struct key_attributes, token) },
	{ CKA_PRIVATE, offsetof(struct key_attributes, private_object) },
	{ CKA_SENSITIVE, offsetof(struct key_attributes, sensitive) },
	{ CKA_EXTRACTABLE, offsetof(struct key_attributes, extractable) },
	{ CKA_ALWAYS_SENSITIVE, offsetof(struct key_attributes, always_sensitive) },
	{ CKA_NEVER_EXTRACTABLE, offsetof(struct key_attributes, never_extractable) },
	{ CKA_LOCAL, offsetof(struct key_attributes, local) },
	{ CKA_SIGN, offsetof(struct key_attributes, sign) },
	{ CKA_DECRYPT, offsetof(struct key_attributes, decrypt) },
	{ CKA_UNWRAP, offsetof(struct key_attributes, unwrap) },
	{ CKA_SIGN_RECOVER, offsetof(struct key_attributes, sign_recover) },
	{ CKA_DERIVE, offsetof(struct key_attributes, derive) },
	{ CKA_ALWAYS_AUTHENTICATE, offsetof(struct key_attributes, always_authenticate) },
};

#define ROW_COUNT ARRAY_LENGTH(rows)

static void set(struct key_attributes *attributes, size_t row, CK_BBOOL value, size_t length)
{
	enum key_attribute *attribute = (void *)((char *)attributes + rows[row].offset);

	*attribute = KEY_ATTRIBUTE_UNKNOWN;
	if (length == sizeof(CK_BBOOL))
		*attribute = value ? KEY_ATTRIBUTE_TRUE : KEY_ATTRIBUTE_FALSE;
}

static CK_RV read_one_by_one(
    const struct token *token, CK_OBJECT_HANDLE object, struct key_attributes *attributes)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		CK_BBOOL value = CK_FALSE;
		size_t length = OBJECT_UNKNOWN;
		CK_RV result =
		    object_read(token, object, rows[i].type, &value, sizeof(value), &length);

		/* Longer than a boolean: no answer to what was asked. */
		if (result != CKR_OK && result != CKR_BUFFER_TOO_SMALL)
			return result;
		set(attributes, i, value, length);
	}
	return CKR_OK;
}

CK_RV key_attributes_read(
    const struct token *token, CK_OBJECT_HANDLE object, struct key_attributes *ret_attributes)
{
	CK_BBOOL values[ROW_COUNT] = { CK_FALSE };
	CK_ATTRIBUTE wanted[ROW_COUNT];

	for (size_t i = 0; i < ROW_COUNT; i++)
		wanted[i] = (CK_ATTRIBUTE){ rows[i].type, &values[i], sizeof(values[i]) };
	/* A token may stop at the first attribute that it does not know. */
	if (token_functions(token)->C_GetAttributeValue(
		token_session(token), object, wanted, ROW_COUNT)
	    != CKR_OK)
		return read_one_by_one(token, object, ret_attributes);
	for (size_t i = 0; i < ROW_COUNT; i++)
		set(ret_attributes, i, values[i], wanted[i].ulValueLen);
	return CKR_OK;
}
