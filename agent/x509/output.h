#pragma once
/*
 * Text that OpenSSL has written into a memory BIO.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/bio.h>
#include <stdbool.h>

/* A copy of what is in `output`, with a NUL behind it. Owned. */
MUST_CHECK bool output_copy(BIO *output, char **ret_text, struct error *error);
