#pragma once
/*
 * A secret in memory: locked where the limits allow, left out of core dumps, wiped when done.
 *
 * Its bytes are read once into a buffer of fixed size and never copied by this module.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <stdbool.h>
#include <stddef.h>

#define SECRET_SIZE_MAX 4096

struct secret; /* one mapping of its own pages */

MUST_CHECK bool secret_new(struct secret **ret_secret, struct error *error);
void secret_discard(struct secret *secret); /* wipes; NULL is fine */

/* Reads to the end of the file. Too long and unreadable are errors that name `what`. */
MUST_CHECK bool secret_read(
    struct secret *secret, int descriptor, const char *what, struct error *error);
/* Removes one "\n" or "\r\n" at the end. */
void secret_trim_newline(struct secret *secret);
MUST_CHECK bool secret_set(
    struct secret *secret, const void *bytes, size_t length, struct error *error);

/* Borrowed; a NUL follows the bytes. */
const char *secret_bytes(const struct secret *secret);
size_t secret_length(const struct secret *secret);

/* No core dump, no ptrace by others: PR_SET_DUMPABLE and RLIMIT_CORE. Call it first in main. */
MUST_CHECK bool secret_protect_process(struct error *error);

DEFINE_SCOPED(secret, struct secret *, secret_discard)
