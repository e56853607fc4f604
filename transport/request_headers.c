#include "transport/request_headers.h"

#include "base/text.h"

#include <string.h>

static bool add(struct curl_slist **headers, const char *line, struct error *error)
{
	struct curl_slist *longer = curl_slist_append(*headers, line);

	if (!longer)
		return error_set(error, ERROR_INTERNAL, "no memory for a request");
	*headers = longer;
	return true;
}

bool request_headers_make(const char *request_id, const char *secret_header,
    struct curl_slist **ret_headers, struct error *error)
{
	scoped(request_headers) struct curl_slist *headers = NULL;
	char identified[256];

	if (!text_format(identified, sizeof(identified), "x-request-id: %s", request_id))
		return error_set(error, ERROR_INTERNAL, "the request id is too long");
	if (!add(&headers, "Content-Type: application/json", error)
	    || !add(&headers, "Accept: application/json", error)
	    || !add(&headers, identified, error)
	    || (secret_header && !add(&headers, secret_header, error)))
		return false;

	*ret_headers = take(headers);
	return true;
}

void request_headers_discard(struct curl_slist *headers)
{
	for (struct curl_slist *header = headers; header; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(headers);
}
