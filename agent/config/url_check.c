#include "agent/config/url_check.h"

#include "base/text.h"

#include <string.h>

static const char host_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
static const char address_characters[] = "0123456789abcdefABCDEF:.";

static bool is_visible(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || strchr("\"<>\\^`{|}", *text))
			return false;
	return true;
}

/* What follows the host; NULL when there is no host. */
static const char *pass_host(const char *host)
{
	size_t length;

	if (host[0] == '[') {
		length = strspn(host + 1, address_characters);
		return length > 0 && host[1 + length] == ']' ? host + length + 2 : NULL;
	}
	length = strspn(host, host_characters);
	return length > 0 && length < 256 && host[0] != '-' && host[0] != '.' ? host + length
									      : NULL;
}

static bool is_port(const char *text, size_t length)
{
	char digits[6];
	uint64_t number;

	if (length >= sizeof(digits))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	return text_parse_number(digits, 1, 65535, &number);
}

bool url_check(const char *url, struct error *error)
{
	const char *authority = url + strlen("https://");
	const char *rest;

	if (!text_starts_with(url, "https://"))
		return error_set(error, ERROR_CONFIG, "must be an https:// URL");
	if (strlen(url) > URL_CHECK_MOST)
		return error_set(
		    error, ERROR_CONFIG, "must not be longer than %d bytes", URL_CHECK_MOST);
	if (!is_visible(url))
		return error_set(error, ERROR_CONFIG,
		    "must hold only the characters of a URL (RFC 3986): escape others as %%XX");
	if (strchr(url, '#'))
		return error_set(error, ERROR_CONFIG, "must not have a fragment (#)");
	if (memchr(authority, '@', strcspn(authority, "/?")))
		return error_set(error, ERROR_CONFIG, "must not hold a user name or password");
	rest = pass_host(authority);
	if (rest && rest[0] == ':') {
		size_t length = strcspn(rest + 1, "/?");

		rest = is_port(rest + 1, length) ? rest + 1 + length : NULL;
	}
	if (!rest || !strchr("/?", rest[0]))
		return error_set(error, ERROR_CONFIG, "must name a host, and a port if any");
	return true;
}
