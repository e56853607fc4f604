#pragma once
/*
 * Maintenance windows: spans of the week in local time, "Mon-Fri 02:00-04:00, Sat 22:00-06:00".
 *
 * A window is open while a clock on the wall shows a time in it. So when clocks are set forward, one
 * whose times are left out does not open on that day, and when they are set back, one whose times
 * are shown twice opens twice.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;

#define WINDOWS_MAX 16
#define WINDOWS_TEXT_MAX 1024

/* On each day from the first to the last, which may lie before it in the week (Sat-Mon). */
struct window {
	uint8_t first_day, last_day; /* 0 is Monday, 6 Sunday */
	uint16_t start;              /* minutes since midnight, below 1440 */
	uint16_t end; /* to 1440, never the start; before it: of the day that follows */
};

struct windows {
	struct window list[WINDOWS_MAX];
	size_t count; /* 0: no window is set */
};

/* Commas between windows; days may be left out (every day), be one (Sat) or a range (Mon-Fri).
   ERROR_CONFIG says which window is wrong and what is expected, and quotes nothing. */
MUST_CHECK bool windows_parse(const char *text, struct windows *ret_windows, struct error *error);
/* As windows_parse takes it. Owned. */
char *windows_format(const struct windows *windows);

/* The first span at or after `from` in which a window is open: begins at `from` when one is open
   then. Windows that touch make one span. False when none opens within WINDOWS_LOOK_AHEAD; a span
   is cut there. */
MUST_CHECK bool windows_next(const struct windows *windows, const struct zone *zone, int64_t from,
    int64_t *ret_opens, int64_t *ret_closes);
/* A weekly window that a change of the clocks has left out opens in the week after. */
#define WINDOWS_LOOK_AHEAD (15 * INT64_C(86400))
