#pragma once
/*
 * The identity's lock: flock on <identity>/lock. It is held until every process that inherited
 * the descriptor is gone, so a supervisor that dies does not free it under its worker.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/* Waits up to `wait_seconds`; then ERROR_BUSY names the holder's pid and start. *ret_lock is a
   close-on-exec descriptor; *ret_waited says whether somebody else held it meanwhile. */
MUST_CHECK bool lock_take(const struct store *store, int64_t wait_seconds, int *ret_lock,
    bool *ret_waited, struct error *error);
/* Whether somebody holds it now: ERROR_BUSY names the holder. Nothing is made or written. */
MUST_CHECK bool lock_look(const struct store *store, struct error *error);
