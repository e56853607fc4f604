#pragma once
/*
 * Going back to the newest generation that was active before.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct run;

/* A connection is made with it first; what refuses it leaves everything as it was. Then what was
   under way is thrown away. A rollback that was cut is finished, and goes no further back.
   ERROR_USAGE: there is none; ERROR_VERIFICATION: revoked or expired; ERROR_TOKEN: its key is gone. */
MUST_CHECK bool rollback_run(struct run *run, struct error *error);
