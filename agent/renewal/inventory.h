#pragma once
/*
 * The agent's keys in the token: what `keys` shows and `keys --prune` clears.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct run;

/* run->outcome.keys becomes the array of the command's JSON. */
MUST_CHECK bool inventory_list(struct run *run, struct error *error);
/* Destroys leftovers of this identity, with `unknown` also objects without a name, which may
   belong to another program. */
MUST_CHECK bool inventory_prune(struct run *run, bool unknown, struct error *error);
