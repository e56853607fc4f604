#pragma once
/*
 * When: the due date of a certificate and the back-off after a failure. Pure: the clock is given.
 */
#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

struct schedule_input {
	int64_t not_before;                 /* of the leaf */
	int64_t leaf_end;                   /* notAfter of the leaf */
	int64_t earliest_end;               /* of leaf and every CA in the chain */
	bool same_issuer;                   /* the last renewal brought the same CA again */
	double lifetime_fraction;           /* 2/3 */
	double jitter;                      /* 0.1: due up to a tenth of the lifetime earlier */
	const char *common_name, *identity; /* the jitter follows from these */
};

struct schedule {
	int64_t due;
	bool limited_by_ca; /* the CA ends first, and asking sooner would bring the same CA */
};

/* From 10-minute to 10-year certificates; never before not_before. */
struct schedule schedule_due(const struct schedule_input *input);

/* When to try again after `failures` (from 1) in a row: exponential with a jitter that follows
   from `seed`, from a minute up to a day, and never more than a tenth of what remains to
   `leaf_end` (but a minute at least). `retry_after` seconds asked for by the other side are
   honoured within the same maximum. */
int64_t schedule_next_attempt(
    int64_t now, uint32_t failures, int64_t leaf_end, int64_t retry_after, const char *seed);
/* The furthest that schedule_next_attempt can be ahead: a moment beyond it was written by a clock
   that has jumped. */
#define SCHEDULE_BACKOFF_MAX INT64_C(86400)
