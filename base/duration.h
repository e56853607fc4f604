#pragma once
/*
 * Lengths of time, in seconds, as they stand in the configuration and in messages.
 */
#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number and one of s, min, h, d, w, with at most one blank between them; "0" needs no unit.
   At most a hundred years. */
MUST_CHECK bool duration_parse(const char *text, int64_t *ret_seconds);
/* "2 d 3 h", "41 s": the two largest units, for people. */
void duration_format(int64_t seconds, char *target, size_t size);
