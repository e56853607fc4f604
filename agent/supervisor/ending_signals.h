#pragma once
/*
 * The signals by which a person or a service manager ends a run: SIGINT, SIGTERM, SIGHUP, but for
 * those that our caller ignores (nohup). While they are blocked they can be waited for with poll;
 * one that nobody has taken by the end acts then as it would have done at once.
 *
 * A caller that has blocked them, as the daemon has, wants to act upon them himself: they are left
 * pending for him, and SIGHUP, which means something else to a daemon, does not end a run.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <signal.h>
#include <stdbool.h>

#define ENDING_SIGNAL_TEXT_SIZE 32

struct ending_signals {
	int descriptor;  /* can be read when one has come */
	sigset_t ending; /* which ones */
	sigset_t before; /* what our caller has blocked */
};

/* SIGCHLD is blocked too: worker_process_end waits for it. */
MUST_CHECK bool ending_signals_block(struct ending_signals *ret_signals, struct error *error);
void ending_signals_release(struct ending_signals *signals);
/* "SIGTERM"; "a signal" when none can be read. One that our caller has blocked waits for him again. */
void ending_signals_take(const struct ending_signals *signals, char name[ENDING_SIGNAL_TEXT_SIZE]);

/* One is waiting for a caller that has blocked it: nothing is to be begun any more. */
bool ending_signals_are_waiting(void);
/* One that was taken otherwise is made to wait again. */
void ending_signals_put_back(int number);
