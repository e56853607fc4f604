#pragma once
/*
 * What a command reached for one identity: the exit status and the report come from it.
 */
#include "agent/job/check.h"
#include "agent/job/run_id.h"
#include "agent/state/debts.h"
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* Why it ended as it did. */
enum reason {
	REASON_NONE,
	REASON_NOT_DUE,
	REASON_WINDOW, /* due, and waiting for its window */
	REASON_BACKOFF,
	REASON_RENEWED,
	REASON_RESUMED,           /* what an earlier run had begun was finished */
	REASON_RENEWED_MEANWHILE, /* by another run, while this one waited for the lock */
	REASON_PROBED,            /* the Connector accepts it, and nothing else was to be done */
	REASON_SPARE_MADE,        /* and nothing else was to be done */
	REASON_DRY_RUN,
	REASON_LATCHED, /* the PIN is not tried again */
	REASON_CLOCK,
	REASON_LIMITED_BY_CA, /* as not_due: asking sooner would bring the same CA */
	REASON_REJECTED,
	REASON_EXPIRED,
	REASON_COUNT
};

/* What became of a hook in this run. */
struct hook_result {
	bool ran;
	char error[256]; /* "" it succeeded */
};

struct result {
	char run_id[RUN_ID_SIZE]; /* "" it did not come so far as to have one */
	bool changed;
	bool lacks_spare; /* the next key is still to be made: call.h, spares_later */
	enum reason reason;
	struct error error;                  /* ERROR_NONE: it is what was asked for */
	char message[ERROR_MESSAGE_SIZE];    /* for people, when nothing failed */
	char signer[32];                     /* "" none was used */
	int64_t key_generation_milliseconds; /* -1: none was made */
	int64_t total_milliseconds;
	bool interrupted; /* from outside: nothing more is begun */
	struct hook_result hooks[HOOK_EVENT_COUNT];
	cJSON *keys;              /* of the command `keys`; else NULL. Owned */
	cJSON *audit;             /* of the command `audit`; else NULL. Owned */
	struct check_list checks; /* of the command `doctor` */
};

struct result result_new(void);
void result_clear(struct result *result);

/* 11 when nothing failed but a hook; `detailed`: 10 when nothing was changed. */
int result_exit_status(const struct result *result, bool detailed);
bool result_hook_failed(const struct result *result); /* any of them */
/* The one of two that says more about several identities: 70, 77, 78, 69, 20, 76, 75, 11, 10, 0;
   10 only if both are. */
int result_worse_status(int a, int b);
const char *result_reason_name(enum reason reason); /* "not_due" */

__attribute__((unused)) static inline void scoped_destroy_result(struct result *result)
{
	result_clear(result);
}
