#pragma once
/*
 * A new folder around each test of base/file: the working directory, and open as `here`.
 *
 * A test may leave "file" and "folder" behind, and nothing else: no other name, no descriptor.
 * Nothing is closed twice.
 */
#include <stddef.h>

extern int here;

/* As set-up and tear-down of a test. */
int here_enter(void **state);
int here_leave(void **state);

void here_put(const char *name, const void *content, size_t length);
