#include "agent/x509/subject.h"
#include "agent/x509/subject_parts.h"
#include "base/scoped.h"
#include "base/utf8.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

#define QUOTED_MAX 200 /* bytes of the text that a message repeats */

/* C0, DEL and, as two bytes, C1. The control character, or -1. */
static int control_character(const char *character, size_t length)
{
	unsigned char byte = (unsigned char)character[length - 1];

	if (length == 1 && (byte < 0x20 || byte == 0x7f))
		return byte;
	if (length == 2 && character[0] == '\xc2' && byte < 0xa0)
		return byte;
	return -1;
}

static bool check_value(const struct subject_part *part, struct error *error)
{
	const char *attribute = OBJ_nid2sn(part->attribute->nid);
	size_t characters = 0;
	size_t at = 0;

	if (part->length == 0)
		return error_set(error, ERROR_VERIFICATION, "%s is empty", attribute);
	while (at < part->length) {
		size_t step = utf8_length(part->value + at, part->length - at);
		int control = step == 0 ? -1 : control_character(part->value + at, step);

		if (step == 0)
			return error_set(error, ERROR_VERIFICATION, "%s is not UTF-8", attribute);
		if (control >= 0)
			return error_set(error, ERROR_VERIFICATION,
			    "%s holds the control character 0x%02x", attribute, (unsigned)control);
		at += step;
		characters++;
	}
	if (characters > part->attribute->most)
		return error_set(error, ERROR_VERIFICATION,
		    "%s has %zu characters, at most %zu are allowed", attribute, characters,
		    part->attribute->most);
	return true;
}

/* Several OU are usual; the Connector has a place for one of everything else. */
static bool check_count(const struct subject_parts *parts, int nid, struct error *error)
{
	size_t count = 0;

	for (size_t i = 0; i < parts->count; i++)
		if (parts->list[i].attribute->nid == nid)
			count++;
	if (count == 0 && nid == NID_commonName)
		return error_set(error, ERROR_VERIFICATION, "it has no CN");
	if (count > 1 && nid != NID_organizationalUnitName)
		return error_set(error, ERROR_VERIFICATION, "it has %zu %s instead of one", count,
		    OBJ_nid2sn(nid));
	return true;
}

static bool check_parts(const struct subject_parts *parts, struct error *error)
{
	for (size_t i = 0; i < parts->count; i++)
		if (!check_value(&parts->list[i], error))
			return false;
	for (size_t i = 0; i < SUBJECT_ATTRIBUTE_COUNT; i++)
		if (!check_count(parts, subject_attributes[i].nid, error))
			return false;
	return true;
}

static bool make_name(const struct subject_parts *parts, X509_NAME **ret_name, struct error *error)
{
	scoped(X509_NAME) X509_NAME *name = X509_NAME_new();

	ERR_clear_error();
	for (size_t i = 0; name && i < parts->count; i++) {
		const struct subject_part *part = &parts->list[i];
		const unsigned char *value = (const unsigned char *)part->value;
		int length = (int)part->length;
		bool printable = ASN1_PRINTABLE_type(value, length) == V_ASN1_PRINTABLESTRING;

		if (!X509_NAME_add_entry_by_NID(name, part->attribute->nid,
			printable ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING, value, length, -1,
			0))
			return error_set_openssl(error, ERROR_INTERNAL, "cannot make the name");
	}
	if (!name)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	*ret_name = take(name);
	return true;
}

static bool parse(const char *text, X509_NAME **ret_name, struct error *error)
{
	struct subject_parts parts = { .count = 0 };

	if (strlen(text) > SUBJECT_TEXT_MAX)
		return error_set(error, ERROR_VERIFICATION,
		    "it has %zu bytes, at most %d are allowed", strlen(text), SUBJECT_TEXT_MAX);
	if (!subject_read_parts(text, &parts))
		return error_set(error, ERROR_VERIFICATION,
		    "it is not made of O=, OU=, L=, ST=, C= and CN=, at most %d of them",
		    SUBJECT_PARTS_MAX);
	return check_parts(&parts, error) && make_name(&parts, ret_name, error);
}

bool subject_parse(const char *text, X509_NAME **ret_name, struct error *error)
{
	if (!parse(text, ret_name, error))
		return error_prefix(error, "the subject \"%.*s\" cannot be used", QUOTED_MAX, text);
	return true;
}
