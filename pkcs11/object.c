#include "pkcs11/object.h"

#include "pkcs11/key_pair.h"
#include "pkcs11/module.h"
#include "pkcs11/token.h"

#include <string.h>

#define BATCH_SIZE 64

static CK_RV append(struct object_list *list, const CK_OBJECT_HANDLE *handles, size_t count)
{
	CK_OBJECT_HANDLE *grown;

	if (list->count + count > OBJECT_COUNT_MAX)
		return MODULE_TOO_MANY;
	grown = reallocarray(list->handles, list->count + count, sizeof(*grown));
	if (!grown)
		return CKR_HOST_MEMORY;
	memcpy(grown + list->count, handles, count * sizeof(*handles));
	list->handles = grown;
	list->count += count;
	return CKR_OK;
}

static CK_RV collect(const struct token *token, struct object_list *list)
{
	CK_FUNCTION_LIST *functions = token_functions(token);
	CK_OBJECT_HANDLE batch[BATCH_SIZE];
	CK_ULONG count = 0;
	CK_RV result = CKR_OK;

	do {
		result = functions->C_FindObjects(token_session(token), batch, BATCH_SIZE, &count);
		if (result == CKR_OK && count > BATCH_SIZE)
			return CKR_GENERAL_ERROR;
		if (result == CKR_OK && count > 0)
			result = append(list, batch, count);
	} while (result == CKR_OK && count > 0);
	return result;
}

CK_RV object_find(
    const struct token *token, CK_ATTRIBUTE *wanted, CK_ULONG count, struct object_list *ret_list)
{
	CK_FUNCTION_LIST *functions = token_functions(token);
	CK_SESSION_HANDLE session = token_session(token);
	scoped(object_list) struct object_list list = { NULL, 0 };
	CK_RV finished;
	CK_RV result = functions->C_FindObjectsInit(session, wanted, count);

	if (result != CKR_OK)
		return result;
	result = collect(token, &list);
	/* Always: a search that stays open blocks the session's next one. */
	finished = functions->C_FindObjectsFinal(session);
	if (result != CKR_OK)
		return result;
	if (finished != CKR_OK)
		return finished;

	*ret_list = (struct object_list){ take(list.handles), list.count };
	return CKR_OK;
}

CK_RV object_find_class(const struct token *token, CK_OBJECT_CLASS class, const struct key_id *id,
    struct object_list *ret_list)
{
	CK_ATTRIBUTE wanted[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, id ? (void *)id->bytes : NULL, id ? id->length : 0 },
	};

	return object_find(token, wanted, id ? 2 : 1, ret_list);
}

bool object_list_has(const struct object_list *list, CK_OBJECT_HANDLE object)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->handles[i] == object)
			return true;
	return false;
}

CK_RV object_read(const struct token *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
    void *buffer, size_t size, size_t *ret_length)
{
	CK_ATTRIBUTE attribute = { type, buffer, size };
	CK_RV result = token_functions(token)->C_GetAttributeValue(
	    token_session(token), object, &attribute, 1);

	if (result == CKR_ATTRIBUTE_TYPE_INVALID || result == CKR_ATTRIBUTE_SENSITIVE
	    || (result == CKR_OK && attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION)) {
		*ret_length = OBJECT_UNKNOWN;
		return CKR_OK;
	}
	if (result == CKR_OK && attribute.ulValueLen > size)
		return CKR_GENERAL_ERROR;
	if (result == CKR_OK)
		*ret_length = attribute.ulValueLen;
	return result;
}

CK_RV object_read_number(
    const struct token *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, BIGNUM **ret_number)
{
	unsigned char bytes[OBJECT_NUMBER_SIZE_MAX];
	size_t length;
	BIGNUM *number;
	CK_RV result = object_read(token, object, type, bytes, sizeof(bytes), &length);

	if (result != CKR_OK)
		return result;
	if (length == OBJECT_UNKNOWN || length == 0) {
		*ret_number = NULL;
		return CKR_OK;
	}
	number = BN_bin2bn(bytes, (int)length, NULL);
	if (!number)
		return CKR_HOST_MEMORY;
	*ret_number = number;
	return CKR_OK;
}

CK_RV object_destroy(const struct token *token, CK_OBJECT_HANDLE object, size_t *count)
{
	CK_RV result = token_functions(token)->C_DestroyObject(token_session(token), object);

	if (result == CKR_OBJECT_HANDLE_INVALID)
		return CKR_OK;
	if (result == CKR_OK)
		++*count;
	return result;
}
