#include "pkcs11/token_uri.h"

#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/token.h"

#include <p11-kit/uri.h>
#include <string.h>

#define SCHEME "pkcs11:"
#define ATTRIBUTE_COUNT 7

struct token_uri {
	char *text;
	P11KitUri *parsed;
};

DEFINE_SCOPED(P11KitUri, P11KitUri *, p11_kit_uri_free)

static const struct {
	const char *name;
	bool of_object;
} attributes[ATTRIBUTE_COUNT] = {
	{ "token", false },
	{ "serial", false },
	{ "model", false },
	{ "manufacturer", false },
	{ "id", true },
	{ "object", true },
	{ "type", true },
};

/* Which attributes a URI has, by their place in the table. */
struct presence {
	bool there[ATTRIBUTE_COUNT];
};

/* Where the value of a text like name=value begins; NULL when the name is another one. */
static const char *value_of(const char *text, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(text, name, length) != 0 || text[length] != '=')
		return NULL;
	return text + length + 1;
}

static bool note_attribute(
    const char *text, bool with_object, struct presence *presence, struct error *error)
{
	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
		const char *value = value_of(text, attributes[i].name);

		if (!value)
			continue;
		if (attributes[i].of_object && !with_object)
			return error_set(error, ERROR_CONFIG,
			    "the URI of a token names an object: remove %s=", attributes[i].name);
		if (presence->there[i])
			return error_set(error, ERROR_CONFIG, "the PKCS#11 URI has %s= twice",
			    attributes[i].name);
		if (*value == '\0' || *value == ';')
			return error_set(error, ERROR_CONFIG,
			    "the PKCS#11 URI has an empty %s=", attributes[i].name);
		presence->there[i] = true;
		return true;
	}
	/* Not quoted: it may be a pin-value that stands in the wrong place. */
	return error_set(error, ERROR_CONFIG,
	    "the PKCS#11 URI has an attribute that is not allowed: %s; a PIN and a module are "
	    "settings of their own",
	    with_object ? "a key is named by token, serial, model, manufacturer, id, object, type"
			: "a token is named by token, serial, model, manufacturer");
}

/* RFC 7512, 2.3: attributes are separated by ';', and none may be repeated. */
static bool note_attributes(
    const char *text, bool with_object, struct presence *presence, struct error *error)
{
	const char *at = text + strlen(SCHEME);

	while (at) {
		const char *end = strchr(at, ';');

		if (!note_attribute(at, with_object, presence, error))
			return false;
		at = end ? end + 1 : NULL;
	}
	return true;
}

static bool check_form(const char *text, struct error *error)
{
	if (strnlen(text, TOKEN_URI_LENGTH_MAX + 1) > TOKEN_URI_LENGTH_MAX)
		return error_set(error, ERROR_CONFIG, "the PKCS#11 URI is longer than %d bytes",
		    TOKEN_URI_LENGTH_MAX);
	if (!text_starts_with(text, SCHEME))
		return error_set(
		    error, ERROR_CONFIG, "a PKCS#11 URI begins with \"" SCHEME "\" (RFC 7512)");
	/* The query holds pin-value, pin-source, module-name and module-path, nothing else. */
	if (strchr(text, '?'))
		return error_set(error, ERROR_CONFIG,
		    "the PKCS#11 URI has a PIN or a module in it: these are settings of their own, "
		    "remove pin-value, pin-source, module-path, module-name");
	/* p11-kit drops blanks in silence: "my token" would become "mytoken". */
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f)
			return error_set(error, ERROR_CONFIG,
			    "the PKCS#11 URI has a blank or a character that is not ASCII: "
			    "write it as %%20 and the like");
	return true;
}

static bool names_a_token(const struct presence *presence)
{
	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++)
		if (presence->there[i] && !attributes[i].of_object)
			return true;
	return false;
}

static bool parse(const char *text, bool with_object, bool any_token, struct token_uri **ret_uri,
    struct error *error)
{
	struct presence presence = { { false } };
	scoped(token_uri) struct token_uri *uri = NULL;
	int result;

	if (!check_form(text, error) || !note_attributes(text, with_object, &presence, error))
		return false;
	if (!any_token && !names_a_token(&presence))
		return error_set(error, ERROR_CONFIG,
		    "the PKCS#11 URI names no token, add token= or serial=: %s", text);
	uri = calloc(1, sizeof(*uri));
	if (!uri)
		return error_set(error, ERROR_INTERNAL, "no memory for a PKCS#11 URI");
	uri->text = text_duplicate(text);
	uri->parsed = p11_kit_uri_new();
	if (!uri->parsed)
		return error_set(error, ERROR_INTERNAL, "no memory for a PKCS#11 URI");
	result = p11_kit_uri_parse(text, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, uri->parsed);
	if (result != P11_KIT_URI_OK)
		return error_set(error, ERROR_CONFIG, "the PKCS#11 URI is malformed (%s): %s",
		    p11_kit_uri_message(result), text);
	/* All names are known, so it is a value: longer than the token's field, or no type. */
	if (p11_kit_uri_any_unrecognized(uri->parsed))
		return error_set(error, ERROR_CONFIG,
		    "the PKCS#11 URI has a value that no token or key can have: %s", text);

	*ret_uri = take(uri);
	return true;
}

bool token_uri_parse(const char *text, struct token_uri **ret_uri, struct error *error)
{
	return parse(text, false, false, ret_uri, error);
}

void token_uri_discard(struct token_uri *uri)
{
	if (!uri)
		return;
	p11_kit_uri_free(uri->parsed);
	free(uri->text);
	free(uri);
}

const char *token_uri_text(const struct token_uri *uri)
{
	return uri->text;
}

bool token_uri_format(const struct token_uri *uri, char **ret_text, struct error *error)
{
	return p11_kit_uri_format(uri->parsed, P11_KIT_URI_FOR_TOKEN, ret_text) == P11_KIT_URI_OK
	       || error_set(error, ERROR_INTERNAL, "cannot write the URI of a token");
}

bool token_uri_matches(const struct token_uri *uri, const struct token_info *info)
{
	return p11_kit_uri_match_token_info(uri->parsed, &info->raw) == 1;
}

/* Without a type it may be one. */
static bool check_is_private(const struct token_uri *uri, struct error *error)
{
	CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
	const CK_ATTRIBUTE private_class = { CKA_CLASS, &private_key, sizeof(private_key) };

	if (!uri)
		return error_set(error, ERROR_INTERNAL, "no URI was parsed");
	return !p11_kit_uri_get_attribute(uri->parsed, CKA_CLASS)
	       || p11_kit_uri_match_attributes(uri->parsed, &private_class, 1) == 1
	       || error_set(error, ERROR_CONFIG,
		   "the PKCS#11 URI does not name a private key, write type=private: %s",
		   uri->text);
}

bool key_uri_parse_search(const char *text, struct token_uri **ret_uri, struct key_id *ret_id,
    char ret_label[KEY_URI_LABEL_SIZE], struct error *error)
{
	scoped(token_uri) struct token_uri *uri = NULL;
	const CK_ATTRIBUTE *id;
	const CK_ATTRIBUTE *label;

	if (!parse(text, true, true, &uri, error) || !check_is_private(uri, error))
		return false;
	id = p11_kit_uri_get_attribute(uri->parsed, CKA_ID); /* NOLINT(clang-analyzer-core.*) */
	label = p11_kit_uri_get_attribute(uri->parsed, CKA_LABEL);
	if (!id && !label)
		return error_set(error, ERROR_CONFIG,
		    "the PKCS#11 URI names no key, add id= or object=: %s", text);
	if (id && (id->ulValueLen == 0 || id->ulValueLen > KEY_ID_SIZE_MAX))
		return error_set(error, ERROR_CONFIG,
		    "the PKCS#11 URI has an id= that is not 1 to %d bytes long: %s",
		    KEY_ID_SIZE_MAX, text);
	if (label && label->ulValueLen >= KEY_URI_LABEL_SIZE)
		return error_set(error, ERROR_CONFIG,
		    "the PKCS#11 URI has an object= of more than %d bytes: %s",
		    KEY_URI_LABEL_SIZE - 1, text);
	memset(ret_label, 0, KEY_URI_LABEL_SIZE);
	if (label)
		memcpy(ret_label, label->pValue, label->ulValueLen);
	*ret_id = (struct key_id){ .length = id ? id->ulValueLen : 0 };
	if (id)
		memcpy(ret_id->bytes, id->pValue, id->ulValueLen);
	*ret_uri = take(uri);
	return true;
}

bool key_uri_parse(
    const char *text, struct token_uri **ret_uri, struct key_id *ret_id, struct error *error)
{
	scoped(token_uri) struct token_uri *uri = NULL;
	const CK_ATTRIBUTE *id;

	if (!parse(text, true, false, &uri, error))
		return false;
	/* The analyzer does not know that error_set returns false. */
	id = p11_kit_uri_get_attribute(uri->parsed, CKA_ID); /* NOLINT(clang-analyzer-core.*) */
	if (!id || id->ulValueLen == 0 || id->ulValueLen > KEY_ID_SIZE_MAX)
		return error_set(error, ERROR_CONFIG,
		    "the PKCS#11 URI names no key by an id of 1 to %d bytes, add id=: %s",
		    KEY_ID_SIZE_MAX, text);
	if (!check_is_private(uri, error))
		return false;

	memcpy(ret_id->bytes, id->pValue, id->ulValueLen);
	ret_id->length = id->ulValueLen;
	*ret_uri = take(uri);
	return true;
}

static bool is_blank(const unsigned char *field, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (field[i] != ' ')
			return false;
	return true;
}

/* A field of blanks would be written as "serial=", which other programs do not understand. */
static void copy_field(unsigned char *target, const unsigned char *field, size_t length)
{
	if (!is_blank(field, length))
		memcpy(target, field, length);
}

static void copy_token(CK_TOKEN_INFO *target, const CK_TOKEN_INFO *raw)
{
	copy_field(target->label, raw->label, sizeof(raw->label));
	copy_field(target->serialNumber, raw->serialNumber, sizeof(raw->serialNumber));
	if (target->label[0] != '\0' || target->serialNumber[0] != '\0')
		return;
	copy_field(target->model, raw->model, sizeof(raw->model));
	copy_field(target->manufacturerID, raw->manufacturerID, sizeof(raw->manufacturerID));
}

bool token_uri_name(const struct token_info *info, char **ret_text, struct error *error)
{
	scoped(P11KitUri) P11KitUri *uri = p11_kit_uri_new();

	if (!uri)
		return error_set(error, ERROR_INTERNAL, "no memory for the URI of a token");
	copy_token(p11_kit_uri_get_token_info(uri), &info->raw);
	return p11_kit_uri_format(uri, P11_KIT_URI_FOR_TOKEN, ret_text) == P11_KIT_URI_OK
	       || error_set(error, ERROR_INTERNAL, "cannot write the URI of a token");
}

bool key_uri_format(const struct token_info *info, const struct key_id *id, const char *label,
    char **ret_uri, struct error *error)
{
	CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE object[] = {
		{ CKA_CLASS, &private_key, sizeof(private_key) },
		{ CKA_ID, (void *)id->bytes, id->length },
		{ CKA_LABEL, (void *)label, label ? strlen(label) : 0 },
	};
	scoped(P11KitUri) P11KitUri *uri = p11_kit_uri_new();
	char *text = NULL;

	if (!uri)
		return error_set(error, ERROR_INTERNAL, "no memory for the URI of a key");
	copy_token(p11_kit_uri_get_token_info(uri), &info->raw);
	for (size_t i = 0; i < ARRAY_LENGTH(object); i++)
		if (object[i].ulValueLen > 0
		    && p11_kit_uri_set_attribute(uri, &object[i]) != P11_KIT_URI_OK)
			return error_set(error, ERROR_INTERNAL, "no memory for the URI of a key");
	if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &text) != P11_KIT_URI_OK)
		return error_set(error, ERROR_INTERNAL, "cannot write the URI of a key");

	*ret_uri = text;
	return true;
}
