#pragma once
/*
 * The key of a generation, and the token in which it lies by its key.uri: the open token may be
 * another one, because `token` in the configuration has been changed meanwhile. A key that is
 * found by its id is taken, wherever; the URI explains why one is not found, and keeps what is not
 * found in the wrong token from counting as destroyed. All need access_open.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <stdbool.h>

struct generation;
struct run;

/* Whether the open token is the one that a URI names, that of a key or of a token; also true when
   it is NULL or no such URI, since nothing is known then. */
bool generation_key_is_here(const struct run *run, const char *uri);
/* Of an adopted one: the functions below need no token then. */
bool generation_key_is_in_file(const struct generation *generation);
/* By access_load_key; ERROR_TOKEN says whose key it is, where, and what to do. */
MUST_CHECK bool generation_key_load(
    struct run *run, const struct generation *generation, EVP_PKEY **ret_key, struct error *error);
/* Fails as the load would when the key is not there. */
MUST_CHECK bool generation_key_check(
    const struct run *run, const struct generation *generation, struct error *error);
/* The token's part of its key.uri, for the debts; NULL when it has none. Owned. */
char *generation_key_token(const struct generation *generation);

/* The key in the making: notes in the journal, without saving it, that the open token is where. */
MUST_CHECK bool generation_key_note_token(struct run *run, struct error *error);
/* Whether it is; also true when a journal of before does not tell. */
bool generation_key_of_next_is_here(const struct run *run);
