#pragma once
/*
 * The renewal: a table of phases and the steps between them.
 *
 * A phase names a fact that is already true; the journal says which, on disk, before the next
 * step begins. Every step looks for its own result first, so that it may run twice. A refusal
 * leads to another phase, a passing failure stays in place.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct run;

/* Takes the renewal in the journal as far as it goes; when the journal is idle and `begin`, a new
   one. On success the journal is idle. run->outcome says what was reached. */
MUST_CHECK bool renewal_run(struct run *run, bool begin, struct error *error);
