#include "pkcs11/nameless.h"

#include "pkcs11/module.h"
#include "pkcs11/object.h"
#include "pkcs11/token.h"

/* Each class that an object of PKCS#11 2.40 can have. */
static const CK_OBJECT_CLASS classes[] = {
	CKO_DATA,
	CKO_CERTIFICATE,
	CKO_PUBLIC_KEY,
	CKO_PRIVATE_KEY,
	CKO_SECRET_KEY,
	CKO_HW_FEATURE,
	CKO_DOMAIN_PARAMETERS,
	CKO_MECHANISM,
	CKO_OTP_KEY,
};

enum look {
	LOOK_NAMED,     /* or no RSA key: somebody's object */
	LOOK_NAMELESS,  /* an RSA key without id, label and modulus, a certificate without value */
	LOOK_CLASSLESS, /* perhaps: see drop_those_with_class */
};

/* SoftHSM answers so when it cannot make anything of an object: it has no class or no key type
   yet, or a key type that this SoftHSM does not know. */
#define SOFTHSM_NOT_READABLE CKR_ATTRIBUTE_VALUE_INVALID

static bool is_no_answer(CK_RV result)
{
	return result == CKR_ATTRIBUTE_TYPE_INVALID || result == CKR_ATTRIBUTE_SENSITIVE
	       || result == CKR_BUFFER_TOO_SMALL || result == CKR_OBJECT_HANDLE_INVALID;
}

/* A certificate is asked apart, since it has not what a key has. */
static CK_RV look_at_certificate(
    const struct token *token, CK_OBJECT_HANDLE object, enum look *ret_look)
{
	CK_ATTRIBUTE wanted[] = {
		{ CKA_ID, NULL, 0 },
		{ CKA_LABEL, NULL, 0 },
		{ CKA_VALUE, NULL, 0 },
	};
	CK_RV result = token_functions(token)->C_GetAttributeValue(
	    token_session(token), object, wanted, ARRAY_LENGTH(wanted));

	if (result == CKR_OK && wanted[0].ulValueLen == 0 && wanted[1].ulValueLen == 0
	    && wanted[2].ulValueLen == 0)
		*ret_look = LOOK_NAMELESS;
	return is_no_answer(result) ? CKR_OK : result;
}

/* Only an answer to everything is an answer: a token that hides the modulus, or a key of another
   type, which has none, leaves the object named. */
static CK_RV look_at(const struct token *token, CK_OBJECT_HANDLE object, enum look *ret_look)
{
	CK_OBJECT_CLASS class = CKO_VENDOR_DEFINED;
	CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
	CK_ATTRIBUTE wanted[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_ID, NULL, 0 },
		{ CKA_LABEL, NULL, 0 },
		{ CKA_MODULUS, NULL, 0 },
	};
	CK_RV result = token_functions(token)->C_GetAttributeValue(
	    token_session(token), object, wanted, ARRAY_LENGTH(wanted));

	*ret_look = LOOK_NAMED;
	if (result == SOFTHSM_NOT_READABLE) {
		*ret_look = LOOK_CLASSLESS;
		return CKR_OK;
	}
	if (result == CKR_ATTRIBUTE_TYPE_INVALID && class == CKO_CERTIFICATE)
		return look_at_certificate(token, object, ret_look);
	if (is_no_answer(result))
		return CKR_OK;
	if (result == CKR_OK && (class == CKO_PRIVATE_KEY || class == CKO_PUBLIC_KEY)
	    && type == CKK_RSA && wanted[2].ulValueLen == 0 && wanted[3].ulValueLen == 0
	    && wanted[4].ulValueLen == 0)
		*ret_look = LOOK_NAMELESS;
	return result;
}

/* What a search by class finds has a class, and so is no leftover of a killed generation, which
   writes the key type and the class first. */
static CK_RV drop_those_with_class(const struct token *token, struct object_list *candidates)
{
	for (size_t i = 0; i < ARRAY_LENGTH(classes) && candidates->count > 0; i++) {
		scoped(object_list) struct object_list found = { NULL, 0 };
		CK_RV result = object_find_class(token, classes[i], NULL, &found);
		size_t kept = 0;

		if (result != CKR_OK)
			return result;
		for (size_t j = 0; j < candidates->count; j++)
			if (!object_list_has(&found, candidates->handles[j]))
				candidates->handles[kept++] = candidates->handles[j];
		candidates->count = kept;
	}
	return CKR_OK;
}

/* Both lists get room for every object. */
static CK_RV sort_out(const struct token *token, const struct object_list *all,
    struct object_list *nameless, struct object_list *classless)
{
	for (size_t i = 0; i < all->count; i++) {
		enum look look;
		CK_RV result = look_at(token, all->handles[i], &look);

		if (result != CKR_OK)
			return result;
		if (look == LOOK_NAMELESS)
			nameless->handles[nameless->count++] = all->handles[i];
		if (look == LOOK_CLASSLESS)
			classless->handles[classless->count++] = all->handles[i];
	}
	return drop_those_with_class(token, classless);
}

static CK_RV find(
    const struct token *token, struct object_list *nameless, struct object_list *classless)
{
	scoped(object_list) struct object_list all = { NULL, 0 };
	CK_RV result = object_find(token, NULL, 0, &all);

	if (result != CKR_OK)
		return result;
	nameless->handles = calloc(all.count + 1, sizeof(*nameless->handles));
	classless->handles = calloc(all.count + 1, sizeof(*classless->handles));
	if (!nameless->handles || !classless->handles)
		return CKR_HOST_MEMORY;
	return sort_out(token, &all, nameless, classless);
}

static void add_all(struct nameless *nameless, const struct object_list *list)
{
	for (size_t i = 0; i < list->count; i++, nameless->count++)
		if (nameless->count < NAMELESS_MAX)
			nameless->objects[nameless->count] = list->handles[i];
}

/* How many of them are in `objects`. */
static size_t kept(const struct nameless *nameless)
{
	/* The analyzer does not know that error_set returns false. */
	if (nameless->count > NAMELESS_MAX) /* NOLINT(clang-analyzer-core.*) */
		return NAMELESS_MAX;
	return nameless->count;
}

bool nameless_find(const struct token *token, struct nameless *ret_nameless, struct error *error)
{
	scoped(object_list) struct object_list nameless = { NULL, 0 };
	scoped(object_list) struct object_list classless = { NULL, 0 };
	CK_RV result = find(token, &nameless, &classless);

	if (result != CKR_OK)
		return module_error(error, result,
		    "cannot look for objects without id in the token %s", token_name(token));

	ret_nameless->count = 0;
	add_all(ret_nameless, &nameless);
	add_all(ret_nameless, &classless);
	return true;
}

static bool has(const struct nameless *nameless, CK_OBJECT_HANDLE object)
{
	for (size_t i = 0; i < kept(nameless); i++)
		if (nameless->objects[i] == object)
			return true;
	return false;
}

/* Handles are unequal within one set. */
bool nameless_equal(const struct nameless *a, const struct nameless *b)
{
	if (a->count != b->count || a->count > NAMELESS_MAX)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!has(b, a->objects[i]))
			return false;
	return true;
}

bool nameless_destroy(const struct token *token, const struct nameless *nameless,
    size_t *ret_destroyed, struct error *error)
{
	struct nameless now;
	size_t destroyed = 0;

	if (!nameless_find(token, &now, error))
		return false;
	for (size_t i = 0; i < kept(nameless); i++) {
		CK_RV result = CKR_OK;

		if (has(&now, nameless->objects[i]))
			result = object_destroy(token, nameless->objects[i], &destroyed);
		if (result != CKR_OK)
			return module_error(error, result,
			    "cannot destroy an object without id in the token %s",
			    token_name(token));
	}

	*ret_destroyed = destroyed;
	return true;
}
