#pragma once
/*
 * Signers without a token, in place of pkcs11/signer.c: which of them are there, what they load,
 * and in which order they were asked.
 */
#include "pkcs11/signer.h"

#include <stdbool.h>

struct fake_signers {
	bool absent[SIGNER_KIND_COUNT];
	bool loads_nothing[SIGNER_KIND_COUNT];
	bool no_engine;       /* is built in: no package helps */
	bool no_key;          /* the token has none with the id */
	bool no_session;      /* the token gives out no other session */
	unsigned open;        /* how many */
	unsigned sessions;    /* tried by hand */
	char asked_order[64]; /* "provider engine ": what was to load */
};

/* All are there and load. The test program has one. */
extern struct fake_signers fake_signers;
