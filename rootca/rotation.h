#pragma once
/*
 * What a rotation for a reason makes of the two Secrets: decided here, carried out by rotate.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

struct options;
struct standing;

struct rotation {
	X509 *certificate;   /* the CA from now on; owned */
	EVP_PKEY *key;       /* its key, when it is a new one; owned, NULL: as it is */
	bool signer_changes; /* else it has it already */
	bool keeps_trusted;  /* the gateway goes on trusting what it trusts */
	bool gateway_changes;
};

/* With a new CA. ERROR_CONFIG where a rotation for this reason may not begin; ERROR_USAGE for --subject. */
MUST_CHECK bool rotation_begin(const struct standing *standing, const struct options *options,
    struct rotation *ret_rotation, struct error *error);
/* With the CA that is there. ERROR_CONFIG unless one for this reason stopped half-way. */
MUST_CHECK bool rotation_finish(const struct standing *standing, const struct options *options,
    struct rotation *ret_rotation, struct error *error);
void rotation_clear(struct rotation *rotation);

__attribute__((unused)) static inline void scoped_destroy_rotation(struct rotation *rotation)
{
	rotation_clear(rotation);
}
