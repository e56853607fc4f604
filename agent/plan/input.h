#pragma once
/*
 * Where the hosts' words come from: standard input, files, folders of files. One object a line, or
 * one file that is one object (as jq prints it). A host is called by its file when that holds one object,
 * else by file and line.
 */
#include "agent/plan/host_status.h"

#include <stddef.h>
#include <stdint.h>

struct console;

#define INPUT_FILE_MAX (256 << 20) /* bytes */
#define INPUT_LINE_MAX (4 << 20)

struct input {
	struct console *console; /* hears what could not be read, up to a number */
	int64_t now;
	struct host_status_list statuses; /* owned */
	size_t objects;                   /* that were read */
	size_t bad;                       /* lines and files that could not be */
};

/* A path, or "-" for standard input. What cannot be read is told, counted and passed over. */
void input_read(struct input *input, const char *path);
