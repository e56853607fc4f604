#include "base/file_uri.h"

#include "base/scoped.h"
#include "base/text.h"

#include <string.h>

#define PREFIX FILE_URI_SCHEME "//"

/* RFC 3986, 2.3, and the slashes of a path. */
static bool is_plain(char character)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";

	return character != '\0' && strchr(plain, character);
}

char *file_uri_format(const char *path)
{
	const size_t room = sizeof(PREFIX) + 3 * strlen(path);
	char *uri = malloc(room);
	char *at = uri;

	if (!uri)
		abort();
	at += text_format(at, room, "%s", PREFIX) ? strlen(PREFIX) : 0;
	for (; *path; path++) {
		if (is_plain(*path)) {
			*at++ = *path;
			continue;
		}
		*at++ = '%';
		text_to_hex((const unsigned char *)path, 1, at);
		at += 2;
	}
	*at = '\0';
	return uri;
}

bool file_uri_parse(const char *uri, char **ret_path)
{
	scoped(char) char *path = NULL;
	char *to;

	if (text_starts_with(uri, PREFIX))
		uri += strlen(PREFIX);
	else if (text_starts_with(uri, FILE_URI_SCHEME))
		uri += strlen(FILE_URI_SCHEME);
	else
		return false;
	if (*uri != '/')
		return false;
	path = text_duplicate(uri);
	to = path;
	for (const char *from = path; *from;) {
		unsigned char byte;
		char digits[3] = "";

		if (*from != '%') {
			*to++ = *from++;
			continue;
		}
		digits[0] = from[1];
		if (digits[0] != '\0')
			digits[1] = from[2];
		if (digits[1] == '\0' || !text_from_hex(digits, &byte, 1) || byte == 0)
			return false;
		*to++ = (char)byte;
		from += 3;
	}
	*to = '\0';
	*ret_path = take(path);
	return true;
}
