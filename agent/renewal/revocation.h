#pragma once
/*
 * Revoking a certificate: over a connection made with it, as the Connector wants it.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct run;

/* What has come of a request. */
enum revocation {
	REVOCATION_NONE,    /* it has not been carried out: not sent, or answered with an error */
	REVOCATION_UNKNOWN, /* sent, and no answer that says what became of it */
	REVOCATION_REFUSED, /* HTTP 400 without a body: this certificate is not accepted */
	REVOCATION_DONE,
};

/* Revokes the certificate of this generation and notes it there. One that was revoked already is
   fine. access_open is called when needed. *ret_revocation is set in any case. */
MUST_CHECK bool revocation_run(
    struct run *run, uint32_t generation, enum revocation *ret_revocation, struct error *error);
/* For a request that is repeated because the answer to an earlier one was lost, and is refused now.
   The refusal alone may come from a passing failure of what checks identities; but if the active
   certificate, of the same client, is accepted right after, this one has been revoked: that is
   noted as after revocation_run. Else fails with what *error says already. */
MUST_CHECK bool revocation_confirm(struct run *run, uint32_t generation, struct error *error);
