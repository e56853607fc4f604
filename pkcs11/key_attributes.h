#pragma once
/*
 * The attributes of a private key as the token reports them.
 */
#include "base/compiler.h"

#include <p11-kit/pkcs11.h>

struct key_attributes;
struct token;

/* What the token does not know or tell becomes KEY_ATTRIBUTE_UNKNOWN. */
MUST_CHECK CK_RV key_attributes_read(
    const struct token *token, CK_OBJECT_HANDLE object, struct key_attributes *ret_attributes);
