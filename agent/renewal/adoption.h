#pragma once
/*
 * Taking over an identity that somebody else made: its certificate in a file, its key in a file or
 * in the token. The key is referenced, never copied and never destroyed; the next renewal makes one
 * of our own.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct generation;
struct run;

/* What the job names becomes a generation and the active one, after a signature by the key that its
   certificate verifies and a connection made with both. What the journal holds is finished, or thrown
   away. ERROR_USAGE: there is an active certificate that is alive, or a file holds what it should
   not; ERROR_VERIFICATION: certificate, key and CA do not belong together, or it is dead. */
MUST_CHECK bool adoption_run(struct run *run, struct error *error);

/* The key that the job names, as key_uri, key_id and key_label of the generation. */
MUST_CHECK bool adoption_find_key(
    struct run *run, struct generation *generation, struct error *error);
