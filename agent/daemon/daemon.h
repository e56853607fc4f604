#pragma once
/*
 * The daemon: what a timer's `renew --all` does, at the moments at which there is something to do.
 *
 * It holds nothing between two runs but the configuration and the moments: what is known stands on
 * disk and is read anew before it is acted upon, so that another run, a kill or a jump of the clock
 * needs no thought. One process, one thread; a run's worker is its only child.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct call;
struct result;

/* Until SIGTERM or SIGINT; what it has done is put into *result. Fails only before it has begun:
   the configuration, the operating system. */
MUST_CHECK bool daemon_run(const struct call *call, struct result *result, struct error *error);
