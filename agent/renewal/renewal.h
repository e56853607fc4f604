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

/* Takes the renewal in the journal as far as it goes; when none is under way and `begin`, a new
   one, with the spare key if there is a fit one. On success none is under way. run->outcome says
   what was reached. */
MUST_CHECK bool renewal_run(struct run *run, bool begin, struct error *error);
/* Throws away what is under way, the spare key too. Not after the activation. */
MUST_CHECK bool renewal_discard(struct run *run, struct error *error);
/* Makes a generation the active one that is in the store and has been proven, once nothing is under
   way: one that was active before, or one that was `adopted`. The journal says so first. */
struct generation;
MUST_CHECK bool renewal_activate(
    struct run *run, const struct generation *generation, bool adopted, struct error *error);
/* Makes the next renewal's key, or finishes making it, and leaves the journal in KEYED with
   `spare`. Only when none is there: journal_lacks_spare. */
MUST_CHECK bool renewal_make_spare(struct run *run, struct error *error);
