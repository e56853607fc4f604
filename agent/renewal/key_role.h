#pragma once
/*
 * What a key of ours in the token is for, as store and journal know it.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "pkcs11/key_pair.h"

#include <stdbool.h>
#include <stdint.h>

struct run;

enum key_role {
	KEY_ROLE_ACTIVE,
	KEY_ROLE_RETAINED,
	KEY_ROLE_NEXT,
	KEY_ROLE_SPARE,
	KEY_ROLE_LEFTOVER
};

const char *key_role_name(enum key_role role); /* "active" */

/* The role of a key with our label; *ret_generation 0 when it belongs to none. That of a generation
   whose files are damaged is told by its label. */
MUST_CHECK bool key_role_of(const struct run *run, const struct key_pair *pair,
    enum key_role *ret_role, uint32_t *ret_generation, struct error *error);
