#pragma once
/*
 * How it stands: the two Secrets side by side, and from them the step that a rotation has come to.
 * Nothing else remembers it.
 *
 *	the signer's Secret    ca.crt, ca.key: one CA, with which the Connector signs
 *	the gateway's Secret   cacert (or, as the older guide has it, ca.crt): the CAs whose client
 *	                       certificates the gateway accepts
 */
#include "base/compiler.h"
#include "base/error.h"
#include "rootca/ca_pair.h"
#include "rootca/input.h"

#include <cjson/cJSON.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stage {
	STAGE_STEADY,  /* the gateway trusts the signer's CA, and besides foreign ones at most */
	STAGE_OVERLAP, /* the gateway trusts the signer's CA and others of its key or subject */
	STAGE_GATEWAY_AHEAD, /* the gateway trusts a newer CA of the signer's key, which the signer lacks */
	STAGE_SIGNER_AHEAD,  /* the gateway does not trust the signer's CA */
	STAGE_SIGNER_BEHIND, /* the gateway trusts a newer CA of a key that the signer lacks: of the
				signer's subject, or of any while it does not trust the signer's CA */
	STAGE_COUNT
};

struct standing {
	cJSON *signer;           /* borrowed from the input */
	cJSON *gateway;          /* borrowed from the input */
	struct ca_pair pair;     /* the signer's; owned */
	struct error key_fault;  /* why the pair has no key; ERROR_NONE when it has */
	STACK_OF(X509) *trusted; /* in the order of the bundle; owned */
	X509 *successor;         /* GATEWAY_AHEAD: the newer CA. Borrowed from `trusted` */
	enum stage stage;
};

/* Which Secret is which is told by what they hold. ERROR_CONFIG for everything that is not as it has to
   be, with the Secret's name, but a private key that is not the certificate's or not there at all. */
MUST_CHECK bool standing_read(
    struct input *input, struct standing *ret_standing, struct error *error);
void standing_clear(struct standing *standing);

bool standing_has_same_key(const X509 *a, const X509 *b);
/* ERROR_CONFIG, with what to do, when the signer's key is not there. */
MUST_CHECK bool standing_check_key(const struct standing *standing, struct error *error);
/* Of neither the key nor the subject of the signer's CA: of another installation, as it seems. */
bool standing_is_foreign(const struct standing *standing, const X509 *certificate);
/* Whether any CA in the bundle is of the signer's key, of the signer's subject. */
bool standing_trusts_key(const struct standing *standing);
bool standing_trusts_subject(const struct standing *standing);
/* In the bundle by its SHA-256. */
bool standing_is_trusted(const struct standing *standing, const X509 *certificate);

const char *standing_stage_name(enum stage stage); /* "steady" */
/* One sentence: what it means. */
const char *standing_stage_meaning(const struct standing *standing);
/* One sentence: what the operator does next. */
const char *standing_next(const struct standing *standing);

__attribute__((unused)) static inline void scoped_destroy_standing(struct standing *standing)
{
	standing_clear(standing);
}
