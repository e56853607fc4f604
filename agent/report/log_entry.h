#pragma once
/*
 * One message of the log, and how it is written for machines. Pure, but for what is sent to
 * journald.
 */
#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define JOURNALD_SOCKET "/run/systemd/journal/socket"

/* The numbers are those of syslog(3). */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* How a command ended for an identity. */
struct log_end {
	const char *command; /* NULL: it did not come so far */
	const char *reason;
	const char *error_class; /* NULL: it did not fail */
	int exit_status;
	bool changed;
};

/* Everything is borrowed; NULL is absent. */
struct log_entry {
	enum log_level level;
	const char *message;
	const char *message_id;
	const char *identity;
	const char *run_id;
	const struct log_end *end;
};

/* One object on one line: time, level, identity, run_id, message, and at the end of a run command,
   reason, exit_status, error_class, changed. Owned. */
char *log_entry_json(const struct log_entry *entry, int64_t now);

/* To journald's native socket (https://systemd.io/JOURNAL_NATIVE_PROTOCOL), fields of any bytes.
   Nothing is waited for. False when it could not be delivered. */
MUST_CHECK bool log_entry_send(const struct log_entry *entry, const char *socket_path);
