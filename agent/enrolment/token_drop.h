#pragma once
/*
 * A one-time token that somebody has left for an identity: in the file `enrollment_token_file`, or
 * in the systemd credential `enrollment_token_credential`. The file is looked at first.
 *
 * Neither has to be there; an empty one is as good as none, since somebody may be about to write
 * it, and SetCredential= makes such a one. What others may read or change is refused. A token whose
 * SHA-256 is in the journal has been sent before and is none any more.
 */
#include "agent/enrolment/enroll_token.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <sys/stat.h>

struct identity;

enum token_drop_state {
	TOKEN_DROP_UNKNOWN, /* nobody has looked yet */
	TOKEN_DROP_NONE,    /* also: not configured */
	TOKEN_DROP_WAITING, /* can be used */
	TOKEN_DROP_SPENT,   /* has been used */
	TOKEN_DROP_REFUSED, /* is there, and cannot be used: `refused` says why */
};

struct token_drop {
	enum token_drop_state state;
	struct enroll_token token; /* WAITING; owned */
	struct error refused;      /* REFUSED: ERROR_PERMISSION, ERROR_STATE, ERROR_REENROLL */
	const char *path;          /* of the file; NULL: the credential is meant. Borrowed */
	const char *name;          /* of the credential; borrowed */
	struct stat file;          /* what was read */
};

/* Looks, unless that has been done. Where several places are configured, *drop is about the one in
   which something is. */
void token_drop_look(struct token_drop *drop, const struct identity *identity);
/* Removes a file whose token has been used, unless another one has come into its place meanwhile;
   that is on disk then. A credential stays. */
MUST_CHECK bool token_drop_remove(const struct token_drop *drop, struct error *error);
void token_drop_clear(struct token_drop *drop);

__attribute__((unused)) static inline void scoped_destroy_token_drop(struct token_drop *drop)
{
	token_drop_clear(drop);
}
