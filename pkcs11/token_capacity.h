#pragma once
/*
 * How much room a token says that it has. Many do not tell.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct token;

#define TOKEN_CAPACITY_UNKNOWN (-1L)

struct token_capacity {
	long free_private, free_public; /* bytes */
	long sessions, sessions_most;   /* 0 as the most: no limit */
};

/* Of now; TOKEN_CAPACITY_UNKNOWN for what it does not tell. */
MUST_CHECK bool token_capacity_look(
    const struct token *token, struct token_capacity *ret_capacity, struct error *error);
