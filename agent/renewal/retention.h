#pragma once
/*
 * The generations beside the active one, in the order in which they are worth keeping.
 *
 * First those that were active before it, the last one first; then what was abandoned: gone back
 * from, or never active. A renewal under way is none of them.
 */
#include "agent/state/store.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run;

struct retention {
	uint32_t numbers[STORE_GENERATIONS_MAX];
	size_t count;
	size_t abandoned; /* how many of them, at the end */
};

MUST_CHECK bool retention_list(
    const struct run *run, struct retention *ret_retention, struct error *error);
/* Notes for good that those above the active one are abandoned, before a number above theirs is
   given. */
MUST_CHECK bool retention_mark_abandoned(const struct run *run, struct error *error);
