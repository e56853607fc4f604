#pragma once
/*
 * The points at which a program can be stopped: one before each call that
 * leaves a trace outside of the process.
 *
 * A point is counted, logged, and then nothing happens, or the process is
 * killed, or the call is to fail; README.md has the settings. Nothing here
 * allocates, locks, or keeps a descriptor open, so that a point is harmless in
 * a signal handler, after fork() and after all descriptors were closed.
 */
#include <limits.h>
#include <stdbool.h>

/*
 * False: the call must not be made and must fail with errno, which is set.
 * `path` is what the call acts on; `other` is a second path, or NULL.
 */
bool point_pass(const char *function, const char *path, const char *other);
/* The same, for what is open as `fd`. */
bool point_pass_fd(const char *function, int fd);
/* The same, for a name in a folder as openat() takes it. */
bool point_pass_at(const char *function, int folder, const char *path);

struct absolute_path {
	char text[2 * PATH_MAX];
};

const char *point_absolute(int folder, const char *path, struct absolute_path *buffer);
