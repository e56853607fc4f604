#include "agent/supervisor/worker_share.h"

#include "agent/config/config.h"
#include "base/clock.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void remove_kept(struct worker_share *share, size_t index)
{
	share->count--;
	memmove(&share->kept[index], &share->kept[index + 1],
	    (share->count - index) * sizeof(share->kept[0]));
}

/* One that has died, or speaks without being asked, is of no use: what it says would be taken for
   the outcome of the next job. */
static bool is_waiting(const struct worker_process *worker)
{
	struct pollfd channel = { .fd = worker->channel, .events = POLLIN };

	return poll(&channel, 1, 0) == 0;
}

bool worker_share_take(struct worker_share *share, const struct identity_settings *settings,
    struct worker_process *ret_worker)
{
	for (size_t i = 0; i < share->count; i++) {
		if (!identity_settings_share_login(share->kept[i].settings, settings))
			continue;
		*ret_worker = share->kept[i].worker;
		remove_kept(share, i);
		if (is_waiting(ret_worker))
			return true;
		(void)worker_process_end(ret_worker, 0);
		break;
	}
	return false;
}

void worker_share_keep(struct worker_share *share, const struct identity_settings *settings,
    const struct worker_process *worker)
{
	if (share->count == POLICY_WORKERS_KEPT) {
		struct worker_process oldest = share->kept[0].worker;

		remove_kept(share, 0);
		(void)worker_process_end(&oldest, (int64_t)POLICY_WORKER_END * 1000);
	}
	share->kept[share->count].settings = settings;
	share->kept[share->count++].worker = *worker;
}

/* They all begin to end before any is waited for. */
void worker_share_close(struct worker_share *share)
{
	int64_t end = clock_milliseconds() + (int64_t)POLICY_WORKER_END * 1000;
	sigset_t child;
	sigset_t before;

	if (share->count == 0)
		return;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, &before);
	for (size_t i = 0; i < share->count; i++) {
		close(share->kept[i].worker.channel);
		share->kept[i].worker.channel = -1;
	}
	for (size_t i = 0; i < share->count; i++) {
		int64_t left = end - clock_milliseconds();

		(void)worker_process_end(&share->kept[i].worker, left > 0 ? left : 0);
	}
	share->count = 0;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}
