#pragma once
/*
 * What wakes the daemon: a moment of the wall clock, a jump of that clock (also the end of a
 * suspension), a signal, another program that has worked on an identity. While it sleeps only the
 * watchdog wakes it otherwise, and is fed.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct wake {
	int signals; /* signalfd: SIGTERM, SIGINT, SIGHUP, SIGUSR1, which are blocked */
	int timer;   /* timerfd on CLOCK_REALTIME */
	int changes; /* inotify, of the identities' folders; -1: the host has no more of them */
	int drops;   /* the same, of folders into which one-time tokens are put */
};

enum wake_reason {
	WAKE_END = 1 << 0,    /* SIGTERM, SIGINT */
	WAKE_RELOAD = 1 << 1, /* SIGHUP */
	WAKE_FORCE = 1 << 2,  /* SIGUSR1 */
	WAKE_LOOK = 1 << 3,   /* the moment has come, the clock was set, another run has ended, a
				 one-time token may have come */
};

/* Blocks the signals; a SIGINT that our caller ignores stays ignored. */
MUST_CHECK bool wake_open(struct wake *ret_wake, struct error *error);
void wake_close(struct wake *wake);
/* Other runs on the identity whose folder this is are noticed when they end. False when they are
   not. To be called again after the folder may have been replaced. */
bool wake_watch(struct wake *wake, const char *folder);
/* A file that comes, or is changed, in the folder of this one is noticed; its end is not. False when
   it is not. `path` is absolute. */
bool wake_watch_file(struct wake *wake, const char *path);
/* Changes so far are known. */
void wake_forget_changes(struct wake *wake);
/* Waits until there is a reason to wake, at `moment` at the latest; a moment that has passed only
   looks whether there is one. The reasons, of enum wake_reason. `ret_signal` is the signal of
   WAKE_END. */
unsigned wake_wait(struct wake *wake, int64_t moment, int *ret_signal);

__attribute__((unused)) static inline void scoped_destroy_wake(struct wake *wake)
{
	wake_close(wake);
}
