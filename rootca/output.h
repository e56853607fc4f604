#pragma once
/*
 * What is printed, at the end and all at once: nothing, when anything failed before.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* Secrets, as one v1 List in this order; `secrets` are borrowed. One that holds a private key is refused
   (ERROR_USAGE) on a terminal. */
MUST_CHECK bool output_secrets(cJSON *const *secrets, size_t count, struct error *error);
/* ERROR_STATE when it cannot be written. */
MUST_CHECK bool output_json(const cJSON *value, struct error *error);
