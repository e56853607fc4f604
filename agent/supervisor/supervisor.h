#pragma once
/*
 * One worker, supervised: vendor modules hang and crash, so each step that it announces has a
 * deadline, and its death is told apart from its answer.
 */
#include "agent/job/job.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct console;
struct secret;
struct worker_share;

struct supervised {
	struct outcome outcome;   /* what the worker said; empty when it said nothing */
	struct check_list checks; /* JOB_DOCTOR: also of a worker that was ended */
	bool interrupted;         /* it was ended from outside: no failure, the next run goes on */
};

/* Hears of an outcome that stands while the worker goes on (job.h: `more`). It must not take long
   beside what the worker does; when `signals` can be read it is to end at once. */
struct listener {
	void (*stands)(void *context, int signals);
	void *context;
};

/* Starts a worker, hands it the job (and the one-time token, or NULL) and the lock, shows its
   steps and warnings, and waits for its end. With a share it takes a worker from there, and leaves
   one there that can do another job; a kept one that has died meanwhile is replaced. False when the
   job failed: what the worker reported;
   ERROR_DEADLINE for a step that took too long (the worker is killed); ERROR_TOKEN for a crash;
   ERROR_STATE for an interruption. *ret_supervised is set in any case. `listener` may be NULL. */
MUST_CHECK bool supervisor_run(const struct job *job, const struct secret *token, int lock,
    struct worker_share *share, const struct listener *listener, struct console *console,
    struct supervised *ret_supervised, struct error *error);
void supervised_clear(struct supervised *supervised);

__attribute__((unused)) static inline void scoped_destroy_supervised(struct supervised *supervised)
{
	supervised_clear(supervised);
}
