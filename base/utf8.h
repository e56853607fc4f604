#pragma once
/*
 * UTF-8 (RFC 3629), strictly.
 */
#include <stddef.h>

/* How many bytes the character takes that starts there; 0 when it is not valid UTF-8. */
size_t utf8_length(const char *bytes, size_t length);
