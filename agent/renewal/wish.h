#pragma once
/*
 * What is to become of what a renewal replaces, beyond the settings: `renew --revoke-old
 * --destroy-old`, after a compromise.
 *
 * The wish belongs to the renewal under way and stands in its journal, so that whoever goes on with
 * it after a kill knows; it ends with it, in debts. To destroy is meant for every generation but the
 * new one and for every key that was made before the wish, the spare one too, whatever `retain`.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct run;

/* Into the journal of the renewal that is begun; the caller saves. */
void wish_note(struct run *run);
/* Before the renewal: what is under way without the wish gets it, or is thrown away if its key is
   not to be kept; what is active already is finished. Nothing without a wish. */
MUST_CHECK bool wish_prepare(struct run *run, struct error *error);
