#pragma once
/*
 * The signers of one worker: the one that the configuration names, or with `auto` the first of
 * provider, engine and pkcs11prov that loads the key.
 *
 * Whether a signature is right is said by the verified request and by the server; after a wrong
 * one, or none at all, the next signer takes over, and those before it are not asked again. What
 * was opened stays open to the end: keys of it may live, and some signers finalize the module when
 * they go.
 */
#include "agent/config/settings.h"
#include "base/compiler.h"
#include "base/error.h"
#include "pkcs11/signer.h"

#include <stdbool.h>

struct signers {
	struct token *token; /* borrowed; logged in to */
	enum signer_choice choice;
	enum signer_kind at; /* those before it have failed */
	struct signer *open[SIGNER_KIND_COUNT];
	bool served; /* a key was loaded */
};

/* Before the token is closed, after every key was freed. */
void signers_close(struct signers *signers);

/* For another identity: every signer is asked again, and what is open stays open. */
void signers_begin(struct signers *signers);
/* Owned. When no signer is there the error names the packages to install. */
MUST_CHECK bool signers_load_key(
    struct signers *signers, const struct key_id *id, EVP_PKEY **ret_key, struct error *error);
/* The one that loaded the last key, or has just taken over. */
const char *signers_name(const struct signers *signers);
bool signers_make_pss(const struct signers *signers); /* the same one; see signer_makes_pss */
/* False when there is no other one. */
MUST_CHECK bool signers_take_over(struct signers *signers);
