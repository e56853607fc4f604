#pragma once
/*
 * Base64, strictly (RFC 4648, 4): the standard alphabet, padded, no blanks and line ends.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* On one line. The caller owns it. */
MUST_CHECK bool base64_encode(
    const void *bytes, size_t length, char **ret_text, struct error *error);
/* False when it is not base64, or memory ran out. A NUL follows the bytes, which the caller
   owns. */
MUST_CHECK bool base64_decode(const char *text, char **ret_bytes, size_t *ret_length);
