#pragma once
/*
 * When: the due date of a certificate and the back-off after a failure. Pure: the clock is given.
 */
#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

struct windows;
struct zone;

struct schedule_input {
	int64_t not_before;                 /* of the leaf */
	int64_t leaf_end;                   /* notAfter of the leaf */
	int64_t earliest_end;               /* of leaf and every CA in the chain */
	bool same_issuer;                   /* the last renewal brought the same CA again */
	bool at_once;                       /* it is not to be used any longer */
	double lifetime_fraction;           /* 2/3 */
	double jitter;                      /* 0.1: due up to a tenth of the lifetime earlier */
	double window_margin;               /* 0.1: no window counts in the last tenth */
	const char *common_name, *identity; /* the jitter follows from these */
};

struct schedule {
	int64_t due;
	int64_t latest;     /* from here on no window is waited for */
	double share;       /* of a fleet's spread, from 0 to below 1 */
	bool limited_by_ca; /* the CA ends first, and asking sooner would bring the same CA */
	int64_t regular;    /* the due date before it was brought forward; 0: it was not */
};

/* From 10-minute to 10-year certificates; never before not_before. */
struct schedule schedule_due(const struct schedule_input *input);

/* Something calls for a renewal since `since`: due within `spread` seconds of it, at the schedule's
   own share of them, but never before `earliest`. Never later than it was. */
void schedule_bring_forward(
    struct schedule *schedule, int64_t since, int64_t spread, int64_t earliest);
/* The same moment of each day, at the schedule's own share of it: the first such one that is no
   sooner than half a day after `last`. */
int64_t schedule_daily(const struct schedule *schedule, int64_t last);
/* A tenth of the leaf's lifetime after its beginning: so long a renewal that brought the same CA again
   is good for. */
int64_t schedule_ca_limit(int64_t not_before, int64_t leaf_end);

/* When a plain run at `now` begins what is due, or will: in a window, unless there is none before
   `latest`. Due in an open window: at once. Else in the next one, `share` of its first half after it
   opens; once that one has closed, in the one after, spread over half as much, and so on, so that a
   run that comes by once a window only is served soon. */
int64_t schedule_start(const struct schedule *schedule, const struct windows *windows,
    const struct zone *zone, int64_t now);

/* How many certificates may be asked for in a day: `most`, or, when that is 0, three times what
   the certificate's life calls for and 12 at least. */
uint32_t schedule_certificates_per_day(
    const struct schedule *schedule, int64_t not_before, uint32_t most);

/* When to try again after `failures` (from 1) in a row: exponential with a jitter that follows
   from `seed`, from a minute up to a day, and never more than a tenth of what remains to
   `leaf_end` (but a minute at least). `retry_after` seconds asked for by the other side are
   honoured within the same maximum. */
int64_t schedule_next_attempt(
    int64_t now, uint32_t failures, int64_t leaf_end, int64_t retry_after, const char *seed);
/* The furthest that schedule_next_attempt can be ahead: a moment beyond it was written by a clock
   that has jumped. */
#define SCHEDULE_BACKOFF_MAX INT64_C(86400)
