#pragma once
/*
 * What an activation owes to those who use the identity: the hooks for the new certificate and for
 * another CA. They are noted here, under the journal's protection, and run by the supervisor.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct debts;
struct run;

/* For the active generation. Twice is as once. */
MUST_CHECK bool owe_hooks(const struct run *run, struct debts *debts, struct error *error);
