#pragma once
/*
 * The name of the Connector's host, resolved as libcurl's resolver does (getaddrinfo). It may take
 * as long as the system's resolver lets it: the caller has a deadline.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* `host` as url_https_host gives it. The addresses, ", " between them, cut at the size.
   ERROR_NETWORK. */
MUST_CHECK bool resolve_host(
    const char *host, char *ret_addresses, size_t size, struct error *error);
/* The variable of the environment by which libcurl goes through a proxy; NULL when there is none.
   Whether no_proxy excepts a host is not looked at. */
const char *resolve_proxy_variable(void);
