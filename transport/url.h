#pragma once
/*
 * https URLs, read by the parser that libcurl connects with, so that no other one can see
 * another host in them.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

#define URL_HOST_SIZE 256
#define URL_SHOWN_SIZE 256

/* The host in lower case, "[::1]" for an IPv6 address. False when it is not an https URL, holds a
   user name or password, or names no host. */
MUST_CHECK bool url_https_host(const char *url, char ret_host[URL_HOST_SIZE]);
/* The URL for messages: without query and fragment, which may hold a one-time token. */
void url_show(const char *url, char target[URL_SHOWN_SIZE]);
