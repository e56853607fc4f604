#pragma once
/*
 * What every command is given: how it was called.
 */
#include <stdint.h>

struct console;
struct metrics;
struct options;

struct call {
	const struct options *options;
	struct console *console; /* for people, on stderr */
	int64_t started;         /* seconds */
	struct metrics *metrics; /* NULL: none are kept, or the command changes nothing */
};
