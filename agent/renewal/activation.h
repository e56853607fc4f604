#pragma once
/*
 * The moment at which a generation becomes the active one: the only place where that happens, for
 * a renewal, an enrolment, an adoption and a rollback alike.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct run;

/* That of the journal, which says PROVEN, so that it is done again after a kill: all of it must be
   harmless twice. */
MUST_CHECK bool activation_run(struct run *run, struct error *error);
