#pragma once
/*
 * Objects of the token, raw: searched for, read, destroyed.
 *
 * The results are PKCS#11's own, because their meaning depends on who asks: an object that has
 * vanished (CKR_OBJECT_HANDLE_INVALID) is a failure here and expected there.
 */
#include "base/compiler.h"
#include "base/scoped.h"

#include <openssl/bn.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>

/* A token that has more than this under one search is not searched further: MODULE_TOO_MANY. */
#define OBJECT_COUNT_MAX 65536

struct key_id;
struct token;

struct object_list {
	CK_OBJECT_HANDLE *handles; /* owned */
	size_t count;
};

/* What matches; nothing is fine. */
MUST_CHECK CK_RV object_find(
    const struct token *token, CK_ATTRIBUTE *wanted, CK_ULONG count, struct object_list *ret_list);
/* All objects of a class; with an id, only those that have it. */
MUST_CHECK CK_RV object_find_class(const struct token *token, CK_OBJECT_CLASS class,
    const struct key_id *id, struct object_list *ret_list);
bool object_list_has(const struct object_list *list, CK_OBJECT_HANDLE object);

/* One attribute. CKR_OK and a length of OBJECT_UNKNOWN: the token does not know it or does not
   tell. CKR_BUFFER_TOO_SMALL: longer than `size`. */
#define OBJECT_UNKNOWN ((size_t)-1)
MUST_CHECK CK_RV object_read(const struct token *token, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, void *buffer, size_t size, size_t *ret_length);
/* A modulus of 16384 bits. */
#define OBJECT_NUMBER_SIZE_MAX 2048
/* A big-endian number; NULL when the token does not tell it or it is empty. Owned. */
MUST_CHECK CK_RV object_read_number(const struct token *token, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, BIGNUM **ret_number);

/* Gone already is CKR_OK; *count grows by one when it was there. */
MUST_CHECK CK_RV object_destroy(const struct token *token, CK_OBJECT_HANDLE object, size_t *count);

static inline void scoped_destroy_object_list(struct object_list *list)
{
	free(list->handles);
}
DEFINE_SCOPED(BIGNUM, BIGNUM *, BN_free)
