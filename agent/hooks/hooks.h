#pragma once
/*
 * Hooks: programs of the user's that are run when something has happened to an identity.
 *
 * A hook is a debt (agent/state/debts.h): it is noted before it is run and dropped when it has
 * succeeded, so that it is run at least once whatever is killed when. Those for an activation are
 * noted by the worker, the others here. They are run by the supervisor, under the identity's lock:
 * at the start of a run, due or not, and as soon as the worker has done what was asked for. One
 * that fails has a back-off of its own and holds up nothing else.
 *
 * In the result stand the hooks of this run. One that failed does not fail the run, but is seen in
 * its exit status.
 */
#include "agent/hooks/hook_setting.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct call;
struct identity;
struct result;

struct hooks {
	const struct call *call;
	struct identity *identity;
	struct result *result;
};

/* Runs what is owed and may be tried now; what has become pointless is dropped. Only an
   interruption fails (ERROR_STATE): the run is to end, and what was not run stays owed. */
MUST_CHECK bool hooks_pay(const struct hooks *hooks, struct error *error);
/* The same for a struct listener, whose context is a struct hooks: a worker is still at work, and
   the identity is loaded anew. What can be read from `signals` is left there. */
void hooks_pay_meanwhile(void *hooks, int signals);

/* At the end, for people: the message of a result that is no failure says which hooks failed. */
void hooks_conclude(struct result *result);

/* After an attempt that failed for `reason`, before the journal that says so is saved; ERROR_NONE
   and ERROR_BUSY (there was no attempt) are no failures. `needed_token`: only a one-time token
   helped before. */
void hooks_owe_failure(const struct hooks *hooks, bool needed_token, const struct error *reason);
/* Before the active certificate is revoked; pointless when that fails. */
void hooks_owe_reenrolment(const struct hooks *hooks);
