#pragma once
/*
 * Revoking a certificate: over a connection made with it, as the Connector wants it.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct run;

/* Revokes the certificate of this generation and notes it there. One that was revoked already is
   fine. access_open is called when needed. */
MUST_CHECK bool revocation_run(struct run *run, uint32_t generation, struct error *error);
