#pragma once
/*
 * The system calls by which files change: counted, and one of them made to fail or to be the last.
 *
 * A test that links state_setup (tests/unit/CMakeLists.txt) makes them through here. Reading is
 * not counted: whoever is killed while reading has changed nothing.
 */
#include <stdbool.h>

/* From now on: the calls are counted, from 1; the one with the number `at` ends the process just
   before it is made, with the exit status FILE_CALLS_KILLED. 0 is never. */
void file_calls_kill_at(int at);
/* The same, but the call fails with this errno. */
void file_calls_fail_at(int at, int error_number);
void file_calls_leave_alone(void);

#define FILE_CALLS_KILLED 99

int file_calls_count(void);
int file_calls_syncs(void);
/* Names and order of the calls made: "mkdirat openat fchmod write fsync". */
const char *file_calls_log(void);

/* Runs `work` in a child that is killed before the call number `at`; true when it was, false when
   it came to its end before. Aborts when it failed. */
bool file_calls_survive(void (*work)(void *context), void *context, int at);
