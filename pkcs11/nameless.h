#pragma once
/*
 * Key objects without CKA_ID, CKA_LABEL and CKA_MODULUS, certificates without CKA_ID, CKA_LABEL
 * and CKA_VALUE: what a killed C_GenerateKeyPair or C_CreateObject leaves, and what another
 * program's running one looks like (PKCS#11 has no way to tell them apart). The caller decides; this module finds, recognises again and destroys.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>

#define NAMELESS_MAX 64

struct token;

/* Handles are good within this login only. */
struct nameless {
	CK_OBJECT_HANDLE objects[NAMELESS_MAX]; /* the first ones, when there are more */
	size_t count;                           /* of all */
};

MUST_CHECK bool nameless_find(
    const struct token *token, struct nameless *ret_nameless, struct error *error);
/* The same objects, in whatever order; false when there are more than NAMELESS_MAX. */
bool nameless_equal(const struct nameless *a, const struct nameless *b);
/* Destroys those of `objects` that are still nameless. */
MUST_CHECK bool nameless_destroy(const struct token *token, const struct nameless *nameless,
    size_t *ret_destroyed, struct error *error);
