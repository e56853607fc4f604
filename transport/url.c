#include "transport/url.h"

#include "base/scoped.h"
#include "base/text.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>

DEFINE_SCOPED(CURLU, CURLU *, curl_url_cleanup)
DEFINE_SCOPED(curl_text, char *, curl_free)

/* A password alone comes with an empty user name. */
static bool has_user(CURLU *parsed)
{
	scoped(curl_text) char *user = NULL;

	return curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK;
}

static bool is_https(CURLU *parsed)
{
	scoped(curl_text) char *scheme = NULL;

	return curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK
	       && text_equal(scheme, "https");
}

bool url_https_host(const char *url, char ret_host[URL_HOST_SIZE])
{
	scoped(CURLU) CURLU *parsed = curl_url();
	scoped(curl_text) char *host = NULL;

	if (!parsed || curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK)
		return false;
	if (!is_https(parsed) || has_user(parsed))
		return false;
	if (curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK || host[0] == '\0')
		return false;
	for (char *character = host; *character; character++)
		*character = (char)tolower((unsigned char)*character);
	return text_copy(ret_host, URL_HOST_SIZE, host);
}

void url_show(const char *url, char target[URL_SHOWN_SIZE])
{
	size_t length = strcspn(url, "?#");

	if (length >= URL_SHOWN_SIZE)
		length = URL_SHOWN_SIZE - 1;
	memcpy(target, url, length);
	target[length] = '\0';
}
