#pragma once
/*
 * Time. Moments are seconds since 1970-01-01 UTC, spans are seconds; both are int64_t.
 */
#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_TEXT_SIZE 32

int64_t clock_now(void);
/* Milliseconds of a clock that never jumps. */
int64_t clock_milliseconds(void);

/* RFC 3339, UTC, whole seconds: 2026-11-20T21:59:54Z */
void clock_format(int64_t seconds, char target[CLOCK_TEXT_SIZE]);
MUST_CHECK bool clock_parse(const char *text, int64_t *ret_seconds);
