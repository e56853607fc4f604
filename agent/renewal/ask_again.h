#pragma once
/*
 * A certificate that still came from a CA that is distrusted: the Connector loads its CA once a
 * minute, so it is asked for again after `distrusted_ca_wait`.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct run;

/* Waits, if that is what *error and the renewal's phase call for; the error is cleared then. Not for
   ever: a worker that has waited in vain a few times does it for no identity any more. */
MUST_CHECK bool ask_again(struct run *run, struct error *error);
