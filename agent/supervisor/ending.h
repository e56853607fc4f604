#pragma once
/*
 * The signals by which a person or a service manager ends a run.
 *
 * A caller that has blocked them, as the daemon has, wants to act upon them himself: they are left
 * pending for him, and SIGHUP, which means something else to a daemon, does not end a run.
 */
#include <signal.h>
#include <stdbool.h>

/* SIGINT, SIGTERM and SIGHUP, less those that our caller ignores (nohup), which a signalfd would
   not see to, and less a SIGHUP that is blocked. */
sigset_t ending_signals(void);
/* One of them is waiting for a caller that has blocked it: nothing is to be begun any more. */
bool ending_is_wanted(void);
/* One that was taken is made to wait again. */
void ending_put_back(int number);
