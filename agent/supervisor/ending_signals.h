#pragma once
/*
 * The signals that end a run in an orderly way: SIGINT, SIGTERM, SIGHUP, but for those that our
 * caller ignores (nohup). While they are blocked they can be waited for with poll; one that nobody
 * has taken by the end acts then as it would have done at once.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <signal.h>
#include <stdbool.h>

#define ENDING_SIGNAL_TEXT_SIZE 32

struct ending_signals {
	int descriptor; /* can be read when one has come */
	sigset_t before;
};

/* SIGCHLD is blocked too: worker_process_end waits for it. */
MUST_CHECK bool ending_signals_block(struct ending_signals *ret_signals, struct error *error);
void ending_signals_release(struct ending_signals *signals);
/* "SIGTERM"; "a signal" when none can be read. */
void ending_signals_take(int descriptor, char name[ENDING_SIGNAL_TEXT_SIZE]);
