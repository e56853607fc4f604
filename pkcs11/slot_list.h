#pragma once
/*
 * The slots of a module that hold a token, and the one token that a URI means.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct module;
struct token_info;
struct token_uri;

/* Exactly one token matches; else ERROR_TOKEN lists those that do, or all that are there. A slot
   that cannot be read hides no other: the message counts it when nothing matches. */
MUST_CHECK bool slot_list_find(struct module *module, const struct token_uri *uri,
    struct token_info *ret_info, struct error *error);
