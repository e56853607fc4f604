#pragma once
/*
 * The events of keys and of the PIN in the audit log of the identity at work.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "pkcs11/key_pair.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct run;
struct token_info;

/* CKA_ names in lower case: true, false, or null when the token does not say. Owned. */
cJSON *audit_key_attributes(const struct key_attributes *attributes);

/* With its attributes as read back. */
MUST_CHECK bool audit_key_generated(
    const struct run *run, const struct key_pair *pair, struct error *error);

/* Why a key goes. */
enum audit_key_cause {
	AUDIT_KEY_REPLACED, /* its generation is not retained any more */
	AUDIT_KEY_REJECTED, /* its renewal was given up */
	AUDIT_KEY_LEFTOVER, /* nobody knows it */
	AUDIT_KEY_CUT       /* its generation was cut: it was never whole */
};

/* generation 0 and label NULL: not known. */
MUST_CHECK bool audit_key_destroyed(const struct run *run, const char *key_id, const char *label,
    uint32_t generation, enum audit_key_cause cause, struct error *error);
/* Objects without a name, which a cut generation left, or which a person wanted gone. */
MUST_CHECK bool audit_objects_destroyed(
    const struct run *run, size_t count, bool by_hand, struct error *error);

/* `cut`: by a login that ended before it could say so. A log that cannot be written is only warned
   about; without a store there is none. */
void audit_pin_latched(const struct run *run, const struct token_info *token, bool cut);
