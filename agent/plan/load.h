#pragma once
/*
 * The load that renewals put on the Connector: how many fall into each span of time, and whether
 * the gateway's limit would be exceeded. Pure.
 *
 * The gateway counts the requests of all applications together: it has 3,000 of them to give, and
 * every 30 s it gets 300 more, up to 3,000 again. A renewal is 3 requests over 2 connections:
 * configuration and signature by the old identity, the probe by the new one. Nothing is known
 * of what other applications ask for.
 */
#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_status_list;

#define LOAD_REQUESTS 3    /* of one renewal */
#define LOAD_CONNECTIONS 2 /* of one renewal */
#define LOAD_CAPACITY 3000
#define LOAD_REFILL 300
#define LOAD_REFILL_SECONDS 30

struct load_span {
	int64_t from; /* a multiple of the span's length */
	size_t renewals;
};

struct load {
	int64_t seconds;         /* the length of a span */
	struct load_span *spans; /* owned; those in which something falls, in order */
	size_t count;
	size_t most; /* renewals in one span */

	/* The limit. A renewal that would get no answer counts as refused, once; it is tried again in
	   a back-off, which is not reckoned with. */
	size_t refused;
	int64_t first_refused, last_refused; /* 0: none */
	int64_t least_left, least_left_at;   /* requests that the gateway still has to give */
};

/* `list` is sorted. seconds 0: chosen so that there are some dozens of spans. False when there is
   no memory. */
MUST_CHECK bool load_reckon(
    const struct host_status_list *list, int64_t seconds, struct load *ret_load);
void load_clear(struct load *load);
