#pragma once
/*
 * What every command is given: how it was called.
 */
#include <stdbool.h>
#include <stdint.h>

struct console;
struct metrics;
struct options;
struct worker_share;

struct call {
	const struct options *options;
	struct console *console; /* for people, on stderr */
	int64_t started;         /* seconds */
	/* Of a command on several identities, one after the other. */
	struct worker_share *workers; /* NULL: each worker is for one errand */
	bool spares_later;            /* what nobody waits for comes after the last of them */
	struct metrics *metrics;      /* NULL: none are kept, or the command changes nothing */
};
