#pragma once
/*
 * One key pair, read from the objects that have its id.
 */
#include "base/compiler.h"

#include <p11-kit/pkcs11.h>
#include <stddef.h>

struct key_pair;
struct object_list;
struct token;

/* What to do about two keys with one id, as the end of a message. */
#define KEY_PAIR_AMBIGUOUS_CURE                                                                    \
	"with pkcs11-tool, destroy the one that is not labelled renewal-agent/..., or give it "    \
	"another CKA_ID"

/* Everything of *ret_pair but the id. */
MUST_CHECK CK_RV key_pair_read(const struct token *token, const struct object_list *privates,
    const struct object_list *publics, struct key_pair *ret_pair);
/* "" when there is none or the token does not tell it; `size` as KEY_LABEL_SIZE. */
MUST_CHECK CK_RV key_label_read(
    const struct token *token, CK_OBJECT_HANDLE object, char *ret_label, size_t size);
