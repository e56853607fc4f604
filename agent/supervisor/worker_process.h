#pragma once
/*
 * The process of a renewal-worker: started with its channel and nothing else of ours, since the
 * identity's lock comes with the job; killed with us, whatever happens to us. SIGCHLD is to be
 * blocked meanwhile.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit status of a child that could not become a worker; the dynamic linker uses it too. */
#define WORKER_NOT_STARTED 127
/* Of one for which there were no more descriptors. */
#define WORKER_WITHOUT_DESCRIPTORS 126

struct identity_settings;

struct worker_process {
	pid_t pid;   /* 0: none, or reaped */
	int channel; /* our end; -1 after worker_process_end */
	int status;  /* of waitpid, when it was reaped */
	/* Blocked signals that cut the wait for its end short; they stay pending. Empty: none. */
	sigset_t hurry;
};

/* The program beside ours, else where it was installed; ERROR_INTERNAL when it is at neither. */
MUST_CHECK bool worker_process_start(const struct identity_settings *settings,
    struct worker_process *ret_worker, struct error *error);
/* Closes the channel and waits up to `milliseconds` for the process to end by itself; kills it
   then, and at once when one of `hurry` comes. False when even that did not end it: it hangs in the kernel, and goes on holding the
   identity's lock. */
bool worker_process_end(struct worker_process *worker, int64_t milliseconds);
