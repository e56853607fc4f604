#pragma once
/*
 * What earlier runs left in the token, and whose it is.
 *
 * Objects with a name are ours by their label, which carries this state directory's random tag
 * and the identity's name. Objects without a name may be another program's key in the making:
 * they are ours only if a generation of ours was cut, none were there before it, and two looks
 * some seconds apart see the same ones.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct run;

/* Destroys the keys with our label that neither the store nor the journal knows, and the
   certificates beside them. */
MUST_CHECK bool leftovers_destroy_named(
    struct run *run, size_t *ret_destroyed, struct error *error);
/* Adds to the error of a full token which keys of this state directory's are in it. */
void leftovers_explain_full(struct run *run, struct error *error);
/* Destroys the nameless objects of a cut generation, by the rule above; others are left. */
MUST_CHECK bool leftovers_destroy_nameless(struct run *run, struct error *error);
/* The same for a caller who knows that something of ours was cut and that none were there before:
   only the two looks remain. */
MUST_CHECK bool leftovers_destroy_cut(struct run *run, struct error *error);
