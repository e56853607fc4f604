#include "pkcs11/key_pair.h"

#include "base/text.h"
#include "pkcs11/key_pair_read.h"
#include "pkcs11/module.h"
#include "pkcs11/object.h"
#include "pkcs11/token.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#define BITS_LEAST 2048
#define PUBLIC_EXPONENT 65537

DEFINE_SCOPED(OSSL_PARAM_BLD, OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free)
DEFINE_SCOPED(OSSL_PARAM, OSSL_PARAM *, OSSL_PARAM_free)
DEFINE_SCOPED(EVP_PKEY_CTX, EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

/* ERROR_TOKEN "cannot <verb> the key <id> of the token <name>: CKR_...". Returns false. */
static bool key_error(struct error *error, CK_RV result, const char *verb,
    const struct token *token, const struct key_id *id)
{
	char text[KEY_ID_TEXT_SIZE];

	key_id_format(id, text);
	return module_error(
	    error, result, "cannot %s the key %s of the token %s", verb, text, token_name(token));
}

static CK_RV find_both(const struct token *token, const struct key_id *id,
    struct object_list *privates, struct object_list *publics)
{
	CK_RV result = object_find_class(token, CKO_PRIVATE_KEY, id, privates);

	if (result == CKR_OK)
		result = object_find_class(token, CKO_PUBLIC_KEY, id, publics);
	return result;
}

bool key_pair_find(const struct token *token, const struct key_id *id, struct key_pair *ret_pair,
    struct error *error)
{
	scoped(object_list) struct object_list privates = { NULL, 0 };
	scoped(object_list) struct object_list publics = { NULL, 0 };
	struct key_pair pair = { .id = *id };
	CK_RV result = find_both(token, id, &privates, &publics);

	if (result == CKR_OK)
		result = key_pair_read(token, &privates, &publics, &pair);
	if (result != CKR_OK)
		return key_error(error, result, "read", token, id);

	*ret_pair = pair;
	return true;
}

bool key_pair_has_private(
    const struct token *token, const struct key_id *id, bool *ret_has, struct error *error)
{
	scoped(object_list) struct object_list privates = { NULL, 0 };
	CK_RV result = object_find_class(token, CKO_PRIVATE_KEY, id, &privates);

	if (result != CKR_OK)
		return key_error(error, result, "look for", token, id);
	*ret_has = privates.count > 0;
	return true;
}

static const char *fault_of(const struct key_pair *pair, unsigned bits)
{
	const struct key_attributes *is = &pair->attributes;

	if (pair->state == KEY_PAIR_ABSENT)
		return "is not in the token";
	if (pair->state == KEY_PAIR_HALF)
		return "is not whole: an object or its modulus is missing, or the two do not match";
	if (pair->state == KEY_PAIR_AMBIGUOUS)
		return "shares its id with another key: " KEY_PAIR_AMBIGUOUS_CURE;
	if (bits != 0 ? pair->bits != bits : pair->bits < BITS_LEAST)
		return "has not the size that was wanted";
	if (pair->exponent != PUBLIC_EXPONENT)
		return "has not the public exponent 65537";
	if (is->token != KEY_ATTRIBUTE_TRUE)
		return "is not kept by the token: CKA_TOKEN is not TRUE";
	if (is->sensitive != KEY_ATTRIBUTE_TRUE)
		return "could be read in the clear: CKA_SENSITIVE is not TRUE";
	if (is->extractable != KEY_ATTRIBUTE_FALSE)
		return "could leave the token: CKA_EXTRACTABLE is not FALSE";
	if (is->sign == KEY_ATTRIBUTE_FALSE)
		return "may not sign: CKA_SIGN is FALSE";
	return NULL;
}

bool key_pair_check(const struct key_pair *pair, unsigned bits, struct error *error)
{
	const char *fault = fault_of(pair, bits);
	char text[KEY_ID_TEXT_SIZE];

	if (!fault)
		return true;
	key_id_format(&pair->id, text);
	return error_set(
	    error, ERROR_TOKEN, "the key %s (RSA, %u bits) %s", text, pair->bits, fault);
}

static EVP_PKEY *make_public_key(const BIGNUM *modulus, const BIGNUM *exponent)
{
	scoped(OSSL_PARAM_BLD) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	scoped(OSSL_PARAM) OSSL_PARAM *parameters = NULL;
	scoped(EVP_PKEY_CTX) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	if (!builder || !context || !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus)
	    || !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
		return NULL;
	parameters = OSSL_PARAM_BLD_to_param(builder);
	if (!parameters || EVP_PKEY_fromdata_init(context) <= 0
	    || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
		return NULL;
	return key;
}

/* The key of the first of these objects that tells its modulus and exponent; NULL when none. */
static CK_RV read_public_key(
    const struct token *token, const struct object_list *objects, EVP_PKEY **key)
{
	for (size_t i = 0; i < objects->count && !*key; i++) {
		scoped(BIGNUM) BIGNUM *modulus = NULL;
		scoped(BIGNUM) BIGNUM *exponent = NULL;
		CK_RV result =
		    object_read_number(token, objects->handles[i], CKA_MODULUS, &modulus);

		if (result == CKR_OK)
			result = object_read_number(
			    token, objects->handles[i], CKA_PUBLIC_EXPONENT, &exponent);
		if (result != CKR_OK)
			return result;
		if (modulus && exponent)
			*key = make_public_key(modulus, exponent);
	}
	return CKR_OK;
}

bool key_pair_public_key(
    const struct token *token, const struct key_id *id, EVP_PKEY **ret_key, struct error *error)
{
	scoped(object_list) struct object_list privates = { NULL, 0 };
	scoped(object_list) struct object_list publics = { NULL, 0 };
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	char text[KEY_ID_TEXT_SIZE];
	CK_RV result = find_both(token, id, &privates, &publics);

	/* The private object first: it is the key that will sign. */
	if (result == CKR_OK)
		result = read_public_key(token, &privates, &key);
	if (result == CKR_OK)
		result = read_public_key(token, &publics, &key);
	if (result != CKR_OK)
		return key_error(error, result, "read the public half of", token, id);
	if (!key) {
		key_id_format(id, text);
		return error_set(error, ERROR_TOKEN,
		    "the token %s has no RSA key %s that tells its modulus", token_name(token),
		    text);
	}

	*ret_key = take(key);
	return true;
}

/* An id is no owner's mark: another program may have chosen the same, and C_CopyObject keeps it. What
   a kill inside of a token has left bears no label yet. */
static CK_RV drop_those_of_others(
    const struct token *token, const char *label_prefix, struct object_list *objects)
{
	char label[KEY_LABEL_SIZE];
	size_t kept = 0;

	for (size_t i = 0; i < objects->count; i++) {
		CK_RV result = key_label_read(token, objects->handles[i], label, sizeof(label));

		if (result == CKR_OBJECT_HANDLE_INVALID)
			continue;
		if (result != CKR_OK)
			return result;
		if (label[0] == '\0' || text_starts_with(label, label_prefix))
			objects->handles[kept++] = objects->handles[i];
	}
	objects->count = kept;
	return CKR_OK;
}

static CK_RV find_ours(const struct token *token, const struct key_id *id, const char *label_prefix,
    struct object_list *privates, struct object_list *publics)
{
	CK_RV result = find_both(token, id, privates, publics);

	if (result == CKR_OK)
		result = drop_those_of_others(token, label_prefix, privates);
	if (result == CKR_OK)
		result = drop_those_of_others(token, label_prefix, publics);
	return result;
}

static CK_RV destroy_all(
    const struct token *token, const struct object_list *objects, size_t *count)
{
	CK_RV result = CKR_OK;

	for (size_t i = 0; i < objects->count && result == CKR_OK; i++)
		result = object_destroy(token, objects->handles[i], count);
	return result;
}

static bool check_destroyed(const struct token *token, const struct key_id *id,
    const char *label_prefix, struct error *error)
{
	size_t left;
	scoped(object_list) struct object_list privates = { NULL, 0 };
	scoped(object_list) struct object_list publics = { NULL, 0 };
	char text[KEY_ID_TEXT_SIZE];
	CK_RV result = find_ours(token, id, label_prefix, &privates, &publics);

	if (result != CKR_OK)
		return key_error(error, result, "make sure of the destruction of", token, id);
	left = privates.count + publics.count;
	if (left == 0)
		return true;
	key_id_format(id, text);
	return error_set(error, ERROR_TOKEN,
	    "the token %s says that it destroyed the key %s, but %zu of its objects %s left",
	    token_name(token), text, left, left == 1 ? "is" : "are");
}

bool key_pair_destroy(const struct token *token, const struct key_id *id, const char *label_prefix,
    size_t *ret_destroyed, struct error *error)
{
	scoped(object_list) struct object_list privates = { NULL, 0 };
	scoped(object_list) struct object_list publics = { NULL, 0 };
	size_t destroyed = 0;
	CK_RV result = find_ours(token, id, label_prefix, &privates, &publics);

	/* While the private one cannot be destroyed, its public one stays as well. */
	if (result == CKR_OK)
		result = destroy_all(token, &privates, &destroyed);
	if (result == CKR_OK)
		result = destroy_all(token, &publics, &destroyed);
	if (result != CKR_OK)
		return key_error(error, result, "destroy", token, id);
	if (privates.count + publics.count > 0 && !check_destroyed(token, id, label_prefix, error))
		return false;

	if (ret_destroyed)
		*ret_destroyed = destroyed;
	return true;
}
