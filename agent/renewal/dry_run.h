#pragma once
/*
 * A renewal tried without changing anything: the token, the key, a connection. It asks the
 * Connector no more than whether it accepts the active identity.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct run;

MUST_CHECK bool dry_run(struct run *run, struct error *error);
