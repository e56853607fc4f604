#pragma once
/*
 * file: URIs (RFC 8089) of files on this host: file:///etc/app/key%20one.pem, or file:/etc/...
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

#define FILE_URI_SCHEME "file:"

/* Of an absolute path. Owned. */
char *file_uri_format(const char *path);
/* The absolute path, owned. False for another scheme, another host, a malformed escape, a NUL. */
MUST_CHECK bool file_uri_parse(const char *uri, char **ret_path);
