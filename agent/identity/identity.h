#pragma once
/*
 * One identity as it stands on disk: its store, its journal, its active certificate, what it owes
 * and when it is due. Loaded after the lock is taken, and again after a worker has been at work.
 */
#include "agent/config/settings.h"
#include "agent/state/debts.h"
#include "agent/state/gateway.h"
#include "agent/state/journal.h"
#include "agent/state/schedule.h"
#include "agent/state/store.h"
#include "agent/x509/distrust.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct zone;

struct identity {
	const struct identity_settings *settings; /* borrowed */
	const struct zone *zone;                  /* of the windows; NULL: the host's. Borrowed */
	struct store *store;                      /* NULL: nothing is there yet */
	int lock;                                 /* -1: not taken */
	bool waited;                              /* somebody else held the lock */
	uint32_t active_before;                   /* before the lock was asked for */
	int64_t audit_length;                     /* of the audit log when it was opened */

	struct journal journal;
	bool journal_damaged;
	bool debts_damaged;
	struct generation active; /* number 0: none */
	struct error unreadable;  /* why the active generation cannot be read; ERROR_NONE */
	/* Of the active generation; 0 without. */
	int64_t not_before, not_after;
	int64_t chain_end; /* the earliest of leaf and chain */
	bool distrusted;   /* it is under a CA that distrusted_ca names: due now */
	struct schedule schedule;
	struct gateway gateway;
	bool gateway_met;   /* since it was opened: notice_handshake */
	struct debts debts; /* the last: identity_empty leaves its list as it is */
};

/* One that is not open yet. */
void identity_empty(struct identity *identity);

/* `writes`: makes the folders and waits for the lock; else only looks. */
MUST_CHECK bool identity_open(const struct identity_settings *settings, bool writes,
    struct identity *ret_identity, struct error *error);
/* One that could not be opened, and why: as if there were nothing yet. */
void identity_unopened(const struct identity_settings *settings, const struct error *reason,
    struct identity *ret_identity);
void identity_close(struct identity *identity);

/* Reads everything but the store anew. With the lock a damaged journal is set aside. */
MUST_CHECK bool identity_load(struct identity *identity, struct error *error);

/* By `distrusted_ca`; borrows from the settings. */
struct distrust identity_distrust(const struct identity *identity);
/* The active certificate can be used by its dates and has not been revoked by us. */
bool identity_is_alive(const struct identity *identity, int64_t now);

__attribute__((unused)) static inline void scoped_destroy_identity(struct identity *identity)
{
	identity_close(identity);
}
