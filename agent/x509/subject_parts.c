#include "agent/x509/subject_parts.h"

#include "base/text.h"
#include "base/utf8.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <string.h>

const struct subject_attribute subject_attributes[SUBJECT_ATTRIBUTE_COUNT] = {
	[SUBJECT_ORGANIZATION] = { ",O=", NID_organizationName, ub_organization_name },
	[SUBJECT_UNIT] = { ",OU=", NID_organizationalUnitName, ub_organization_unit_name },
	[SUBJECT_LOCALITY] = { ",L=", NID_localityName, ub_locality_name },
	[SUBJECT_STATE] = { ",ST=", NID_stateOrProvinceName, ub_state_name },
	[SUBJECT_COUNTRY] = { ",C=", NID_countryName, 2 },
	[SUBJECT_COMMON_NAME] = { ",CN=", NID_commonName, ub_common_name },
};

static bool add(struct subject_parts *parts, const struct subject_attribute *attribute,
    const char *value, size_t length)
{
	if (parts->count == SUBJECT_PARTS_MAX)
		return false;
	parts->list[parts->count++] = (struct subject_part){ attribute, value, length };
	return true;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " ");
}

/* The attribute whose "KEY=" is there; *ret_value is what follows it. */
static const struct subject_attribute *key_at(const char *at, const char **ret_value)
{
	for (size_t i = 0; i < SUBJECT_ATTRIBUTE_COUNT; i++) {
		const char *key = subject_attributes[i].separator + 1;

		if (text_starts_with(at, key)) {
			*ret_value = at + strlen(key);
			return &subject_attributes[i];
		}
	}
	return NULL;
}

/* Passes over a backslash and what it escapes (RFC 4514, 2.4). */
static bool unescape(const char **at, char *ret_byte)
{
	const char *escaped = *at + 1;
	char pair[3] = { escaped[0], 0, 0 };
	unsigned char byte;

	if (pair[0] != '\0')
		pair[1] = escaped[1];
	if (text_from_hex(pair, &byte, 1)) {
		*ret_byte = (char)byte;
		*at = escaped + 2;
		return true;
	}
	if (*escaped == '\0' || !strchr("\\\"+,;<>=# ", *escaped))
		return false;
	*ret_byte = *escaped;
	*at = escaped + 1;
	return true;
}

/* One value, up to its comma or the end; in quotation marks (RFC 2253, 4) or not. */
static bool read_escaped_value(struct subject_parts *parts, const char **at, size_t *ret_length)
{
	char *value = parts->unescaped + parts->unescaped_length;
	bool quoted = **at == '"';
	const char *ends = quoted ? "\"" : ",";
	size_t length = 0;
	size_t kept = 0; /* blanks at the end count only when they are escaped */

	if (quoted)
		(*at)++;
	while (**at != '\0' && !strchr(ends, **at)) {
		bool escaped = **at == '\\';

		if (!quoted && strchr("\"+;<>", **at))
			return false;
		if (!escaped)
			value[length] = *(*at)++;
		else if (!unescape(at, &value[length]))
			return false;
		length++;
		if (escaped || quoted || value[length - 1] != ' ')
			kept = length;
	}
	if (quoted && *(*at)++ != '"')
		return false;
	*at = skip_blanks(*at);
	parts->unescaped_length += kept;
	*ret_length = kept;
	return **at == '\0' || **at == ',';
}

static bool is_utf8(const char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length) {
		size_t step = utf8_length(bytes + at, length - at);

		if (step == 0)
			return false;
		at += step;
	}
	return true;
}

/* "#" and hexadecimal digits are a value in BER. OpenSSL writes the value "#" as just that. */
static bool is_ber(const char *at)
{
	return at[0] == '#' && at[1] != ',' && at[1] != '\0';
}

static bool read_escaped(const char *text, struct subject_parts *parts)
{
	const char *at = text;

	if (!strpbrk(text, "\\\""))
		return false;
	for (;;) {
		const struct subject_attribute *attribute = key_at(skip_blanks(at), &at);
		const char *value = parts->unescaped + parts->unescaped_length;
		size_t length;

		if (!attribute)
			return false;
		at = skip_blanks(at);
		if (is_ber(at) || !read_escaped_value(parts, &at, &length)
		    || !is_utf8(value, length) || !add(parts, attribute, value, length))
			return false;
		if (*at == '\0')
			return true;
		at++;
	}
}

/* Its last occurrence before `end`; NULL when there is none. */
static const char *find_last(const char *text, const char *end, const char *separator)
{
	size_t length = strlen(separator);

	for (size_t at = (size_t)(end - text); at >= length; at--)
		if (memcmp(text + at - length, separator, length) == 0)
			return text + at - length;
	return NULL;
}

static bool read_connector(const char *text, struct subject_parts *parts)
{
	const char *ends[SUBJECT_ATTRIBUTE_COUNT]; /* of each value: where the next separator is */
	const char *value = text + strlen("O=");

	if (!text_starts_with(text, "O="))
		return false;
	ends[SUBJECT_COMMON_NAME] = text + strlen(text);
	for (size_t i = SUBJECT_COMMON_NAME; i >= SUBJECT_COUNTRY; i--) {
		ends[i - 1] = find_last(text, ends[i], subject_attributes[i].separator);
		if (!ends[i - 1])
			return false;
	}
	for (size_t i = SUBJECT_UNIT; i <= SUBJECT_STATE; i++) {
		ends[i - 1] =
		    strstr(i == SUBJECT_UNIT ? text : ends[i - 2], subject_attributes[i].separator);
		if (!ends[i - 1] || ends[i - 1] >= ends[SUBJECT_STATE])
			return false;
	}
	for (size_t i = 0; i < SUBJECT_ATTRIBUTE_COUNT; i++) {
		if (!add(parts, &subject_attributes[i], value, (size_t)(ends[i] - value)))
			return false;
		if (i < SUBJECT_COMMON_NAME)
			value = ends[i] + strlen(subject_attributes[i + 1].separator);
	}
	return true;
}

/* The comma before the next "KEY=", or the end. */
static const char *find_end(const char *value)
{
	const char *at = value;
	const char *ignored;

	while (*at != '\0' && !(*at == ',' && key_at(skip_blanks(at + 1), &ignored)))
		at++;
	return at;
}

static bool read_any_order(const char *text, struct subject_parts *parts)
{
	const char *at = text;
	const char *end = text;

	while (*end != '\0') {
		const struct subject_attribute *attribute = key_at(skip_blanks(at), &at);

		if (!attribute)
			return false;
		end = find_end(at);
		if (!add(parts, attribute, at, (size_t)(end - at)))
			return false;
		at = end + 1;
	}
	return parts->count > 0;
}

bool subject_read_parts(const char *text, struct subject_parts *parts)
{
	static bool (*const readings[])(const char *, struct subject_parts *) = { read_escaped,
		read_connector, read_any_order };

	for (size_t i = 0; i < ARRAY_LENGTH(readings); i++) {
		parts->count = 0;
		if (readings[i](text, parts))
			return true;
	}
	return false;
}
