#pragma once
/*
 * When an identity next asks for a worker. decide_renew is asked what it would say at each moment
 * at which its answer may change, so that the two cannot disagree. Pure: what is known comes in,
 * the clock too.
 */
#include <stdint.h>

struct identity;

enum moment_kind {
	MOMENT_NONE,    /* never by itself: a one-time token is waited for */
	MOMENT_BEGUN,   /* a renewal that was cut goes on */
	MOMENT_RENEWAL, /* it is due */
	MOMENT_ATTEMPT, /* the end of a back-off; a refused identity is asked about again */
	MOMENT_DEBT,    /* something that is owed may be paid */
	MOMENT_SPARE,   /* the next renewal's key may be made */
	MOMENT_TOKEN, /* a one-time token has been left: of who can see files, not of moment_next */
	MOMENT_PROBE, /* the Connector is asked whether it accepts the identity */
};

struct moment {
	int64_t at; /* INT64_MAX for MOMENT_NONE; `now` for what is late */
	enum moment_kind kind;
	int64_t due; /* since when, as it was planned; at most `at` */
};

struct moment moment_next(const struct identity *identity, int64_t now);
const char *moment_name(enum moment_kind kind); /* "renewal", for people */
