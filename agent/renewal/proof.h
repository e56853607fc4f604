#pragma once
/*
 * The proof that an identity works: a new connection made with it, and one question.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct generation;
struct run;

/* By any signer that does. access_open came before, if its key is in the token. */
MUST_CHECK bool proof_at(
    struct run *run, const struct generation *generation, const char *url, struct error *error);
/* Of a generation that is there already: at the URL that its Connector named, if it may be followed,
   then at the configured one. */
MUST_CHECK bool proof_of_existing(
    struct run *run, const struct generation *generation, struct error *error);
/* By its dates and by what we know: not revoked, begun, not ended, under no CA that is distrusted.
   ERROR_VERIFICATION, ERROR_DISTRUSTED, ERROR_CLOCK. */
MUST_CHECK bool proof_check_alive(
    const struct run *run, const struct generation *generation, struct error *error);
