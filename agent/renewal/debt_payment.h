#pragma once
/*
 * Paying what earlier renewals owe: keys to destroy, certificates to revoke.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct run;

/* Tries every debt whose moment has come. A debt that cannot be paid stays, with a moment of its
   own, and is only warned about; false is for a debts file that cannot be written.
   `revocations` false: only what needs no connection. */
MUST_CHECK bool debt_payment_run(struct run *run, bool revocations, struct error *error);
