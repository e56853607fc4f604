#pragma once
/*
 * What hosts have said of themselves (fleet/), as moments at which they will renew.
 */
#include "base/compiler.h"
#include "fleet/fleet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum host_state {
	HOST_RENEWS,      /* at `at` */
	HOST_NEEDS_TOKEN, /* by a person, at no moment that could be known */
	HOST_UNKNOWN,     /* it could not read its own state, or says what is not understood */
};

/* One identity of one host. */
struct host_status {
	const struct fleet_identity *of; /* borrowed */
	enum host_state state;
	int64_t planned; /* when it is due, or its back-off ends; HOST_RENEWS */
	int64_t at;      /* the same, or now when that has passed */
};

struct host_status_list {
	struct host_status *list; /* owned */
	size_t count;
};

/* In order of the moments, then by host and identity; those without a moment last. False when
   there is no memory. */
MUST_CHECK bool host_status_order(
    const struct fleet *fleet, int64_t now, struct host_status_list *ret_list);
void host_status_clear(struct host_status_list *list);
