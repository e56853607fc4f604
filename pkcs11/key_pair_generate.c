#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/module.h"
#include "pkcs11/token.h"

#include <string.h>

/* Public exponent 65537, big-endian. */
static const unsigned char public_exponent[] = { 1, 0, 1 };

static void describe(const struct mechanism_range *range, char *text, size_t size)
{
	if (range->most == 0)
		text_format(text, size, "%lu bits at least", range->least);
	else if (range->least == 0)
		text_format(text, size, "%lu bits at most", range->most);
	else
		text_format(text, size, "%lu to %lu bits", range->least, range->most);
}

bool key_pair_check_bits(const struct token *token, unsigned bits, struct error *error)
{
	struct mechanism_range range;
	struct error ignored = ERROR_INIT;
	char sizes[64];

	/* What it does not say the generation will show. */
	if (!mechanism_look(token, MECHANISM_KEY_PAIR, &range, &ignored))
		return true;
	if (!range.listed)
		return error_set(error, ERROR_TOKEN,
		    "the token %s does not make RSA keys (%s: CKR_MECHANISM_INVALID)",
		    token_name(token), mechanism_name(MECHANISM_KEY_PAIR));
	if (bits >= range.least && (range.most == 0 || bits <= range.most))
		return true;
	describe(&range, sizes, sizeof(sizes));
	return error_set(error, ERROR_TOKEN,
	    "the token %s makes RSA keys of %s, not of %u: set key_bits", token_name(token), sizes,
	    bits);
}

/* What may be wrong with the template. Anything else has nothing to do with it, and a second try
   could take minutes. tpm2-pkcs11 answers DECRYPT=FALSE with CKR_GENERAL_ERROR. */
static bool is_about_the_template(CK_RV result)
{
	return result == CKR_GENERAL_ERROR || result == CKR_FUNCTION_FAILED
	       || result == CKR_ARGUMENTS_BAD || result == CKR_ATTRIBUTE_READ_ONLY
	       || result == CKR_ATTRIBUTE_TYPE_INVALID || result == CKR_ATTRIBUTE_VALUE_INVALID
	       || result == CKR_TEMPLATE_INCONSISTENT || result == CKR_TEMPLATE_INCOMPLETE
	       || result == CKR_FUNCTION_NOT_SUPPORTED;
}

/* The usages that are FALSE stand last, so that the second try leaves them out by its count. */
#define PRIVATE_USAGES 4
#define PUBLIC_USAGES 2

static CK_RV generate(const struct token *token, const struct key_id *id, const char *label,
    CK_ULONG bits, bool with_usages)
{
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_ID, (void *)id->bytes, id->length },
		{ CKA_LABEL, (void *)label, strlen(label) },
		{ CKA_DECRYPT, &no, sizeof(no) },
		{ CKA_UNWRAP, &no, sizeof(no) },
		{ CKA_SIGN_RECOVER, &no, sizeof(no) },
		{ CKA_DERIVE, &no, sizeof(no) },
	};
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
		{ CKA_MODULUS_BITS, &bits, sizeof(bits) },
		{ CKA_PUBLIC_EXPONENT, (void *)public_exponent, sizeof(public_exponent) },
		{ CKA_ID, (void *)id->bytes, id->length },
		{ CKA_LABEL, (void *)label, strlen(label) },
		{ CKA_ENCRYPT, &no, sizeof(no) },
		{ CKA_WRAP, &no, sizeof(no) },
	};
	CK_ULONG private_count = ARRAY_LENGTH(private) - (with_usages ? 0 : PRIVATE_USAGES);
	CK_ULONG public_count = ARRAY_LENGTH(public) - (with_usages ? 0 : PUBLIC_USAGES);
	CK_MECHANISM mechanism = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE public_object;
	CK_OBJECT_HANDLE private_object;

	return token_functions(token)->C_GenerateKeyPair(token_session(token), &mechanism, public,
	    public_count, private, private_count, &public_object, &private_object);
}

static const char *cure_for(CK_RV result)
{
	switch (result) {
	case CKR_DEVICE_MEMORY:
		return " (the token is full: destroy keys that are not needed)";
	case CKR_TOKEN_WRITE_PROTECTED:
	case CKR_SESSION_READ_ONLY:
		return " (the token is write protected)";
	case CKR_USER_NOT_LOGGED_IN:
		return " (log in first)";
	default:
		return "";
	}
}

static enum error_kind kind_of(const struct token *token, CK_RV result)
{
	switch (result) {
	case CKR_DEVICE_MEMORY:
		return ERROR_CAPACITY;
	/* After minutes of work: an idle session that was ended, a device that came loose. */
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SESSION_CLOSED:
	case CKR_DEVICE_REMOVED:
	case CKR_TOKEN_NOT_PRESENT:
		return ERROR_SESSION;
	default:
		return token_is_alive(token) ? ERROR_TOKEN : ERROR_SESSION;
	}
}

bool key_pair_generate(const struct token *token, const struct key_id *id, const char *label,
    unsigned bits, struct error *error)
{
	char text[KEY_ID_TEXT_SIZE];
	CK_RV result;

	if (id->length == 0 || strnlen(label, KEY_LABEL_SIZE) == KEY_LABEL_SIZE)
		return error_set(error, ERROR_INTERNAL, "a key without id, or its label too long");
	result = generate(token, id, label, bits, true);
	if (is_about_the_template(result))
		result = generate(token, id, label, bits, false);
	if (result == CKR_OK)
		return true;
	key_id_format(id, text);
	module_error(error, result, "the token %s would not generate the key %s of %u bits%s",
	    token_name(token), text, bits, cure_for(result));
	if (error)
		error->kind = kind_of(token, result);
	return false;
}
