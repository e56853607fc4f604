#pragma once
/*
 * Whether a text is a URL that a request may go to. The program that connects parses it again
 * with libcurl's own parser; this look refuses early, with a reason, and lets nothing through
 * that two parsers could understand differently.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

#define URL_CHECK_MOST 2000

/* https://host[:port][/path][?query]: no user name, no fragment, visible ASCII only. ERROR_CONFIG
   without the URL in it: it may hold a one-time token. */
MUST_CHECK bool url_check(const char *url, struct error *error);
