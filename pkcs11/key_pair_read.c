#include "pkcs11/key_pair_read.h"

#include "pkcs11/field.h"
#include "pkcs11/key_attributes.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/object.h"

#define LABEL_READ_MAX 1024

/* What both objects of a pair have; NULL is unknown or empty. */
struct numbers {
	BIGNUM *modulus;
	BIGNUM *exponent;
};

static void scoped_destroy_numbers(struct numbers *numbers)
{
	BN_free(numbers->modulus);
	BN_free(numbers->exponent);
}

CK_RV key_label_read(
    const struct token *token, CK_OBJECT_HANDLE object, char *ret_label, size_t size)
{
	unsigned char bytes[LABEL_READ_MAX];
	size_t length;
	CK_RV result = object_read(token, object, CKA_LABEL, bytes, sizeof(bytes), &length);

	if (result != CKR_OK && result != CKR_BUFFER_TOO_SMALL)
		return result;
	if (result == CKR_BUFFER_TOO_SMALL || length == OBJECT_UNKNOWN)
		length = 0;
	field_text(bytes, length, ret_label, size);
	return CKR_OK;
}

static CK_RV read_numbers(
    const struct token *token, const struct object_list *objects, struct numbers *numbers)
{
	CK_RV result;

	if (objects->count == 0)
		return CKR_OK;
	result = object_read_number(token, objects->handles[0], CKA_MODULUS, &numbers->modulus);
	if (result != CKR_OK)
		return result;
	return object_read_number(
	    token, objects->handles[0], CKA_PUBLIC_EXPONENT, &numbers->exponent);
}

/* A private key that keeps its modulus to itself, unlike one that a kill has left without. */
static CK_RV is_untold(const struct token *token, const struct object_list *objects, bool *untold)
{
	unsigned char bytes[OBJECT_NUMBER_SIZE_MAX];
	size_t length = 0;
	CK_RV result = CKR_OK;

	if (objects->count > 0)
		result = object_read(
		    token, objects->handles[0], CKA_MODULUS, bytes, sizeof(bytes), &length);
	*untold = result == CKR_OK && length == OBJECT_UNKNOWN;
	return result;
}

static bool is_zero(const BIGNUM *number)
{
	return !number || BN_is_zero(number);
}

/* A private key need not know its public exponent, a public one must. */
static bool belong_together(
    const struct numbers *private, bool untold, const struct numbers *public)
{
	if (is_zero(public->modulus) || !public->exponent)
		return false;
	if (untold)
		return true;
	if (is_zero(private->modulus) || BN_cmp(private->modulus, public->modulus) != 0)
		return false;
	return !private->exponent || BN_cmp(private->exponent, public->exponent) == 0;
}

static enum key_pair_state judge(size_t privates, size_t publics, const struct numbers *private,
    bool untold, const struct numbers *public)
{
	if (privates == 0 && publics == 0)
		return KEY_PAIR_ABSENT;
	if (privates > 1 || publics > 1)
		return KEY_PAIR_AMBIGUOUS;
	if (publics == 0 && !is_zero(private->modulus) && private->exponent)
		return KEY_PAIR_PRIVATE;
	return belong_together(private, untold, public) ? KEY_PAIR_WHOLE : KEY_PAIR_HALF;
}

static CK_RV read_label(const struct token *token, const struct object_list *privates,
    const struct object_list *publics, char label[KEY_LABEL_SIZE])
{
	CK_RV result = CKR_OK;

	label[0] = '\0';
	if (privates->count > 0)
		result = key_label_read(token, privates->handles[0], label, KEY_LABEL_SIZE);
	if (result == CKR_OK && label[0] == '\0' && publics->count > 0)
		result = key_label_read(token, publics->handles[0], label, KEY_LABEL_SIZE);
	return result;
}

static const struct key_attributes unknown_attributes = {
	.token = KEY_ATTRIBUTE_UNKNOWN,
	.private_object = KEY_ATTRIBUTE_UNKNOWN,
	.sensitive = KEY_ATTRIBUTE_UNKNOWN,
	.extractable = KEY_ATTRIBUTE_UNKNOWN,
	.always_sensitive = KEY_ATTRIBUTE_UNKNOWN,
	.never_extractable = KEY_ATTRIBUTE_UNKNOWN,
	.local = KEY_ATTRIBUTE_UNKNOWN,
	.sign = KEY_ATTRIBUTE_UNKNOWN,
	.decrypt = KEY_ATTRIBUTE_UNKNOWN,
	.unwrap = KEY_ATTRIBUTE_UNKNOWN,
	.sign_recover = KEY_ATTRIBUTE_UNKNOWN,
	.derive = KEY_ATTRIBUTE_UNKNOWN,
	.always_authenticate = KEY_ATTRIBUTE_UNKNOWN,
};

CK_RV key_pair_read(const struct token *token, const struct object_list *privates,
    const struct object_list *publics, struct key_pair *ret_pair)
{
	scoped(numbers) struct numbers private = { NULL, NULL };
	scoped(numbers) struct numbers public = { NULL, NULL };
	const BIGNUM *modulus;
	const BIGNUM *exponent;
	bool untold = false;
	CK_RV result = read_label(token, privates, publics, ret_pair->label);

	if (result == CKR_OK)
		result = read_numbers(token, privates, &private);
	if (result == CKR_OK)
		result = read_numbers(token, publics, &public);
	if (result == CKR_OK && !private.modulus)
		result = is_untold(token, privates, &untold);
	ret_pair->attributes = unknown_attributes;
	if (result == CKR_OK && privates->count > 0)
		result = key_attributes_read(token, privates->handles[0], &ret_pair->attributes);
	if (result != CKR_OK)
		return result;

	modulus = private.modulus ? private.modulus : public.modulus;
	exponent = public.exponent ? public.exponent : private.exponent;
	ret_pair->bits = modulus ? (unsigned)BN_num_bits(modulus) : 0;
	ret_pair->exponent =
	    exponent && BN_num_bits(exponent) <= 64 ? (unsigned long)BN_get_word(exponent) : 0;
	ret_pair->state = judge(privates->count, publics->count, &private, untold, &public);
	return CKR_OK;
}
