#pragma once
/*
 * debts.json: what a finished renewal still owes. Paid at the start of every run, each with a
 * back-off of its own; none ever holds up a renewal. A debt is written before the deed that makes
 * it necessary and dropped after it has been paid, so paying twice must be harmless.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum debt_kind {
	DEBT_DESTROY_KEY, /* and remove the generation */
	DEBT_REVOKE,      /* the certificate of a generation */
	DEBT_STORE,       /* the certificate of a generation, in the token beside its key */
	DEBT_HOOK, /* a program of the user's is to hear of an event; the supervisor's to pay */
	DEBT_KIND_COUNT
};

/* What a hook is run for, in the order in which they are run: who trusts a CA anew does so before
   others meet with it. */
enum hook_event {
	HOOK_CA_CHANGED, /* a generation became active, with another issuing CA certificate */
	HOOK_RENEWED,    /* a generation became active */
	HOOK_FAILED,     /* an attempt to renew or enroll */
	HOOK_REENROLL,   /* only a one-time token helps */
	HOOK_EVENT_COUNT
};

#define DEBTS_MAX 64
#define DEBT_TOKEN_SIZE 512
#define DEBT_RUN_ID_SIZE 37
#define DEBT_ISSUER_SIZE 65

struct debt {
	enum debt_kind kind;
	uint32_t generation;         /* 0: a key that has none */
	char key_id[65];             /* lower case hex; DESTROY_KEY; "": the key was adopted, and
					only the generation goes */
	char token[DEBT_TOKEN_SIZE]; /* RFC 7512, where the key lies; "": not known */
	/* What became of it is not known. REVOKE: a request was sent; STORE: an object was about to be
	   made in a token that held none without a name. */
	bool sent;
	enum hook_event event;         /* HOOK, as the next two */
	char run_id[DEBT_RUN_ID_SIZE]; /* of the run in which it happened */
	char
	    old_issuer[DEBT_ISSUER_SIZE]; /* CA_CHANGED: SHA-256 of the CA before, lower case hex */
	bool after_hook; /* DESTROY_KEY: those who use it hear of its successor first, too */
	int64_t since;
	uint32_t attempts;
	int64_t next_attempt; /* 0: at once */
	char last_error[256];
};

struct debts {
	size_t count;
	struct debt list[DEBTS_MAX]; /* 55 KB: what is behind `count` is never looked at */
};

/* Absent: none. A damaged file is set aside as debts.json.damaged and counts as none. */
MUST_CHECK bool debts_load(
    const struct store *store, struct debts *ret_debts, bool *ret_damaged, struct error *error);
/* For `status`: the same without touching the file. */
MUST_CHECK bool debts_read(
    const struct store *store, struct debts *ret_debts, bool *ret_damaged, struct error *error);
MUST_CHECK bool debts_save(
    const struct store *store, const struct debts *debts, struct error *error);
/* Adds unless the same kind, generation and key are there already. key_id and token may be NULL.
   ERROR_STATE when full. */
MUST_CHECK bool debts_add(struct debts *debts, enum debt_kind kind, uint32_t generation,
    const char *key_id, const char *token, int64_t now, struct error *error);
/* The same for the key of what has just been replaced, when it does not stay for a while: whoever
   uses it hears of its successor first. */
MUST_CHECK bool debts_add_destruction_after_hook(struct debts *debts, uint32_t generation,
    const char *key_id, const char *token, int64_t now, struct error *error);
/* That a hook is to be run for an event. Each is owed once: one that is owed already for an older
   generation, or for the failure of an older run, is owed at once for this one instead. `old_issuer`
   NULL: none; what is noted already stays, since that CA is the one that was last heard of. */
MUST_CHECK bool debts_add_hook(struct debts *debts, enum hook_event event, uint32_t generation,
    const char *run_id, const char *old_issuer, int64_t now, struct error *error);
/* Where it stands in the list; -1: it is not owed. */
int debts_find_hook(const struct debts *debts, enum hook_event event);
void debts_drop(struct debts *debts, size_t index);
/* Whether this one may be tried now: not in its back-off; no key is destroyed that its
   certificate's revocation still needs, and none revoked, nor with `after_hook` destroyed,
   before the hook for its successor has been run. A moment further ahead than any back-off was written by a
   clock that has jumped. */
bool debts_is_payable(const struct debts *debts, size_t index, int64_t now);
bool debts_are_payable(const struct debts *debts, int64_t now); /* any that a worker pays */
bool debts_hooks_are_payable(const struct debts *debts, int64_t now);
const char *debt_kind_name(enum debt_kind kind);
const char *hook_event_name(enum hook_event event); /* "ca_changed" */
