#pragma once
/*
 * What names one run, in the log, in the audit log, to the hooks and to the Connector (the header
 * x-request-id): a random UUID (RFC 9562, 5.4).
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

#define RUN_ID_SIZE 37 /* with its NUL */

MUST_CHECK bool run_id_make(char run_id[RUN_ID_SIZE], struct error *error);
