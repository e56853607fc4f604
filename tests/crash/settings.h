#pragma once
/*
 * The CRASH_ settings, read once from the environment of the process.
 *
 * A setting with a mistake stops the process with status 125 and a message: a
 * sweep that counted nothing would look like a success.
 */
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct settings {
	_Atomic uint64_t *counter; /* shared by all processes that name the same file */
	uint64_t first;            /* the calls that are struck, counted from 1 */
	uint64_t last;
	int error; /* errno of the struck calls; 0: they kill */
	bool whole_group;
	char log[PATH_MAX];   /* empty: none */
	char match[PATH_MAX]; /* empty: every path */
	char only[1024];      /* ",write,rename,"; empty: every function */
};

const struct settings *settings_get(void);
