#pragma once
/*
 * Whether a text is JSON as RFC 8259 defines it.
 *
 * Looked at before cJSON sees the text, because cJSON lets pass: control characters in strings,
 * numbers such as 01 and 1., bytes that are not UTF-8, bytes after the value. Refused besides:
 * what no C string can hold (\u0000) or is no text (half of a surrogate pair), and numbers of more
 * than 63 characters. What needs the parsed value, repeated names, is left to base/json.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* `text` needs no NUL at its end. At most `depth_max` arrays and objects inside of each other.
   The error names `what`, the place and the problem, and quotes nothing. */
MUST_CHECK bool json_syntax_check(const char *text, size_t length, unsigned depth_max,
    const char *what, enum error_kind kind, struct error *error);
