#pragma once
/*
 * What every program that is started here, other than the worker, has in common. Called between
 * fork and exec.
 */
#include <stdbool.h>
#include <sys/types.h>

/* Where such a program finds others, whatever ours is. */
#define CHILD_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Default actions and nothing blocked: we ignore SIGPIPE, and a program that inherits this behaves
   oddly. */
void child_reset_signals(void);
/* From now on it is killed when `parent` ends; false when that has ended already. */
bool child_end_with(pid_t parent);
