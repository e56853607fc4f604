#pragma once
/*
 * The header fields of a request, which may hold a secret.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <curl/curl.h>
#include <stdbool.h>

/* `secret_header` may be NULL. The caller owns the list. */
MUST_CHECK bool request_headers_make(const char *request_id, const char *secret_header,
    struct curl_slist **ret_headers, struct error *error);
/* Wipes the list's copies. Those in libcurl's send buffer are out of reach. */
void request_headers_discard(struct curl_slist *headers);

DEFINE_SCOPED(request_headers, struct curl_slist *, request_headers_discard)
