#pragma once
/*
 * What a token says that it can do with RSA keys (C_GetMechanismInfo). Needs no login.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct token;

enum mechanism {
	MECHANISM_KEY_PAIR, /* CKM_RSA_PKCS_KEY_PAIR_GEN */
	MECHANISM_PKCS1,    /* signatures by CKM_RSA_PKCS */
	MECHANISM_PSS,      /* by CKM_RSA_PKCS_PSS */
	MECHANISM_RAW,      /* by CKM_RSA_X_509, which software can make any padding of */
	MECHANISM_COUNT
};

struct mechanism_range {
	bool listed;               /* the token has the mechanism... */
	bool there;                /* ...and says that it does with it what we want of it */
	unsigned long least, most; /* bits; 0: the token does not say */
};

const char *mechanism_name(enum mechanism mechanism); /* "CKM_RSA_PKCS" */
/* A mechanism that the token does not have is no failure. */
MUST_CHECK bool mechanism_look(const struct token *token, enum mechanism mechanism,
    struct mechanism_range *ret_range, struct error *error);
/* By which mechanism RSA-PSS signatures come about, which TLS wants: PSS itself, else raw RSA.
   MECHANISM_COUNT: by none; then there is TLS 1.2 with PKCS #1 v1.5 only. */
MUST_CHECK bool mechanism_find_pss(
    const struct token *token, enum mechanism *ret_by, struct error *error);
