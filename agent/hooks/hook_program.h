#pragma once
/*
 * The program of a hook, found and checked.
 *
 * It is run by our user, so nobody but root and our user may be able to change it: neither the
 * file nor any folder up to the root, nor what a symlink on the way leads through, may belong to
 * anybody else or be writable for group or others (an ACL that lets others write shows in the
 * group's bits). A script is checked with the interpreter that its first line names; what that one
 * loads is as safe as the system's folders.
 *
 * What was looked at is what is run: a binary by its descriptor. The interpreter of a script has
 * to open it by a name; that is the path without symlinks, on which only root and our user can
 * change anything.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

struct hook_program {
	int file;            /* O_PATH */
	char path[PATH_MAX]; /* without symlinks */
	bool script;
};

/* `path` is absolute. ERROR_CONFIG: absent, not a program, or not safe; the message says which
   file or folder, and what to do. */
MUST_CHECK bool hook_program_open(
    const char *path, struct hook_program *ret_program, struct error *error);
void hook_program_close(struct hook_program *program);
/* Becomes the program; returns when that failed, with errno set. */
void hook_program_execute(
    const struct hook_program *program, char *const *arguments, char *const *environment);

__attribute__((unused)) static inline void scoped_destroy_hook_program(struct hook_program *program)
{
	hook_program_close(program);
}
