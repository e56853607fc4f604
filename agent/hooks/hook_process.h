#pragma once
/*
 * One run of a hook's program.
 *
 * It gets a session of its own, our user, /, the umask 022, default signals, descriptors 0 to 2 and
 * nothing else of ours: no lock, no credentials, no environment but the one that is given. On its
 * standard input it reads `input`; what it writes is handed on line by line, up to a limit. At the
 * deadline its whole process group is killed. It is killed when we are.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct command_line;

struct hook_process {
	const struct command_line *command;
	char *const *environment;
	const char *input; /* one line */
	int64_t timeout;   /* seconds */
	int signals;       /* when this can be read we are to end; it is not read here. -1: none */
	void (*tell)(void *context, const char *line); /* a line of its output */
	void *context;
};

/* ERROR_CONFIG: the program is refused, see hook_program.h; ERROR_DEADLINE; ERROR_INTERNAL for
   whatever else became of it: exit status, signal. ERROR_BUSY: we are to end; it was ended, and
   that says nothing about it. SIGCHLD has its default action. */
MUST_CHECK bool hook_process_run(const struct hook_process *process, struct error *error);
