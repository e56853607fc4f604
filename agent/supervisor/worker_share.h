#pragma once
/*
 * The workers that one run keeps between its identities: one for each login, idle, logged in, and
 * without any identity's lock. An identity with the same login takes it over; whatever is not sure
 * to be well is ended instead of kept, and the next identity gets a new one.
 */
#include "agent/policy.h"
#include "agent/supervisor/worker_process.h"

#include <stdbool.h>
#include <stddef.h>

struct identity_settings;

struct worker_share {
	struct {
		const struct identity_settings
		    *settings; /* borrowed; of an identity it worked for */
		struct worker_process worker;
	} kept[POLICY_WORKERS_KEPT]; /* the one that has waited longest first */
	size_t count;
	bool refused;     /* a PIN was refused: --retry-pin has had its one try */
	bool told_to_end; /* a signal has come to us: no other identity is begun */
};

/* False: there is none for this login, or it has died. The worker is the caller's then, *ret_worker
   is set in any case. SIGCHLD is blocked meanwhile, as for worker_process_end. */
bool worker_share_take(struct worker_share *share, const struct identity_settings *settings,
    struct worker_process *ret_worker);
/* Takes it over. The settings must live as long as the share does. Beyond POLICY_WORKERS_KEPT the
   one that has waited longest is ended. SIGCHLD is blocked meanwhile. */
void worker_share_keep(struct worker_share *share, const struct identity_settings *settings,
    const struct worker_process *worker);
/* Ends all that are left, and waits for them: each logs out and finalises its module. */
void worker_share_close(struct worker_share *share);

__attribute__((unused)) static inline void scoped_destroy_worker_share(struct worker_share *share)
{
	worker_share_close(share);
}
