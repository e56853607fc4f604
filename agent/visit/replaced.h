#pragma once
/*
 * What must come after a renewal and its hooks: certificates to revoke, and keys whose users have to
 * hear of the new one first. A worker with a login of its own does it; what it cannot do stays owed.
 *
 * Where the command line asks for it (--revoke-old, --destroy-old), what is still owed at the end is
 * a failure, and said; else it is only seen in `status`.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct call;
struct identity;
struct result;

bool replaced_is_asked_for(const struct call *call);
/* Does what may be done now. A PIN from a descriptor cannot be read again. */
void replaced_settle(const struct call *call, struct identity *identity, struct result *result);
/* At the end of a renewal that succeeded, by one-time token if `enrolled`: adds to the result's
   message what was done of what was asked for; ERROR_BUSY says what is still owed and why, after
   that message. */
MUST_CHECK bool replaced_conclude(const struct call *call, const struct identity *identity,
    bool enrolled, struct result *result, struct error *error);
