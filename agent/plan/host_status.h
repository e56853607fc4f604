#pragma once
/*
 * What hosts have said: the objects that `status --json` prints, with `--all` too, read strictly.
 */
#include "agent/config/settings.h"
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_NAME_SIZE 256
#define HOST_STATUS_MAX 1000000 /* identities in all */

enum host_state {
	HOST_RENEWS,      /* at `at` */
	HOST_NEEDS_TOKEN, /* by a person, at no moment that could be known */
	HOST_UNKNOWN,     /* it could not read its own state */
};

/* One identity of one host. */
struct host_status {
	char host[HOST_NAME_SIZE];
	char identity[IDENTITY_NAME_SIZE];
	enum host_state state;
	int64_t planned; /* when it is due, or its back-off ends; HOST_RENEWS */
	int64_t at;      /* the same, or now when that has passed */
};

struct host_status_list {
	struct host_status *list; /* owned */
	size_t count, capacity;
};

/* Adds what one object says. Its member `host`, which somebody who collects may add, is the name of
   the host; else `host` is. ERROR_USAGE says what is wrong with it; nothing is added then. */
MUST_CHECK bool host_status_add(const cJSON *object, const char *host, int64_t now,
    struct host_status_list *list, struct error *error);
/* By moment, then by host and identity; those without a moment last. */
void host_status_sort(struct host_status_list *list);
void host_status_clear(struct host_status_list *list);
