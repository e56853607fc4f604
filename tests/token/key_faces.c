/* Faces of keys: what the token makes of a template, and what it tells of a key. */
#include <string.h>

#include "tests/token/shim.h"

enum { MAX_ATTRIBUTES = 32 };

static bool refuses(const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		const CK_BBOOL *value = templ[i].pValue;

		if ((templ[i].type == CKA_DECRYPT || templ[i].type == CKA_ENCRYPT)
		    && templ[i].ulValueLen == sizeof(*value) && !*value)
			return true;
	}
	return false;
}

/* The faces of sessions lie behind. */
static CK_C_GenerateKeyPair generate_behind;

static CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
    CK_ATTRIBUTE *public_template, CK_ULONG public_count, CK_ATTRIBUTE *private_template,
    CK_ULONG private_count, CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	const struct plan *plan = &shim_get()->plan;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE private[MAX_ATTRIBUTES + 1];
	CK_RV result;

	if (private_count > MAX_ATTRIBUTES)
		return CKR_ARGUMENTS_BAD;
	if (plan->usage_false != 0
	    && (refuses(public_template, public_count) || refuses(private_template, private_count)))
		return plan->usage_false;
	memcpy(private, private_template, private_count * sizeof(*private));
	if (plan->always_authenticate)
	private[private_count++] = (CK_ATTRIBUTE){ CKA_ALWAYS_AUTHENTICATE, &yes, sizeof(yes) };
	result = generate_behind(session, mechanism, public_template, public_count, private,
	    private_count, public_key, private_key);
	if (result == CKR_OK && plan->no_public_keys)
		return shim_get()->real->C_DestroyObject(session, *public_key);
	return result;
}

static bool is_private_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE wanted = { CKA_CLASS, &class, sizeof(class) };

	return shim_get()->real->C_GetAttributeValue(session, object, &wanted, 1) == CKR_OK
	       && class == CKO_PRIVATE_KEY;
}

static CK_RV get_attribute_value(
    CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *templ, CK_ULONG count)
{
	const struct shim *shim = shim_get();
	CK_RV result = shim->real->C_GetAttributeValue(session, object, templ, count);

	if (!shim->plan.modulus_hidden || result != CKR_OK || !is_private_key(session, object))
		return result;
	for (CK_ULONG i = 0; i < count; i++) {
		if (templ[i].type != CKA_MODULUS && templ[i].type != CKA_PUBLIC_EXPONENT)
			continue;
		templ[i].ulValueLen = CK_UNAVAILABLE_INFORMATION;
		result = CKR_ATTRIBUTE_TYPE_INVALID;
	}
	return result;
}

void key_faces_put_on(CK_FUNCTION_LIST *list)
{
	generate_behind = list->C_GenerateKeyPair;
	list->C_GenerateKeyPair = generate_key_pair;
	list->C_GetAttributeValue = get_attribute_value;
}
