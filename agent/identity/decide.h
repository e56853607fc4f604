#pragma once
/*
 * Whether a worker is needed, decided under the lock. Pure: what is known comes in, the clock too.
 */
#include "agent/identity/result.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct identity;

struct wish {
	bool force;      /* passes over due date and back-off */
	bool no_spare;   /* the next key is not made ahead now */
	int64_t started; /* when this run began to wait for the lock */
	int64_t now;
};

struct decision {
	bool work;  /* a worker is needed */
	bool renew; /* it may begin a renewal */
	bool
	    probe; /* it only asks whether the Connector accepts the identity: a refused one, again... */
	bool daily; /* ...or, with `probe`, one that needs nothing, as every day */
	enum reason reason;
	struct error error; /* when nothing can be done; ERROR_NONE */
};

struct decision decide_renew(const struct identity *identity, const struct wish *wish);
/* Whether the next key is to be made ahead and has not been. */
bool decide_lacks_spare(const struct identity *identity, int64_t now);

/* When a plain run renews the active certificate, windows considered; 0 without one. */
int64_t decide_next_renewal(const struct identity *identity, int64_t now);
/* When the next certificate may be asked for, by max_certificates_per_day; 0: at once. */
int64_t decide_next_certificate(const struct identity *identity, int64_t now);
/* The next moment that a plain run would try after failures or with no certificate left for today:
   the later of the journal's, unless it has passed or was written by a clock that had jumped ahead; 0
   for none. */
int64_t decide_next_attempt(const struct identity *identity, int64_t now);
/* Why a one-time token is needed, into *error; false when none is. */
bool decide_needs_enrolment(
    const struct identity *identity, int64_t now, enum reason *ret_reason, struct error *error);
