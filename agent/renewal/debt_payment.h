#pragma once
/*
 * Paying what renewals owe: keys to destroy, certificates to revoke or to store in the token.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct run;

/* Tries every debt whose moment has come. A debt that cannot be paid stays, with a moment of its
   own, and is only warned about; false is for a debts file that cannot be written.
   `revocations` false: only what needs no connection. */
MUST_CHECK bool debt_payment_run(struct run *run, bool revocations, struct error *error);
