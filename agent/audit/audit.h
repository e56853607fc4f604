#pragma once
/*
 * audit.jsonl: what became of an identity's keys and certificates, one JSON line an event, each
 * with the SHA-256 of the line before (audit_line.h).
 *
 * A line is on disk, file and folder, when audit_append returns. Whoever appends holds the file's
 * own flock meanwhile; only the file's tail is read. What a crash or a power cut left behind the
 * last whole line is cut off, and an event `audit_repaired` says so, in whose place it is
 * written, so that a kill in the middle loses nothing. A file whose tail has no whole line at all
 * is set aside as audit.jsonl.damaged-<time> and the next begins with such an event. Errors:
 * ERROR_STATE, ERROR_PERMISSION (also for a symlink, or what is no file).
 */
#include "agent/audit/audit_line.h"
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct store;

#define AUDIT_NAME "audit.jsonl"

struct audit_event {
	const char *name;   /* "key_generated" */
	const cJSON *facts; /* an object; NULL: none */
	/* The fact that says what it is about. When the last event of this name is about the same,
	   a step has run twice: nothing is written. NULL: each is an event of its own. */
	const char *subject;
	const char *run_id; /* NULL or "": none */
};

MUST_CHECK bool audit_append(
    const struct store *store, const struct audit_event *event, struct error *error);
/* Before a deed that must not remain without its event: the log can be written to, and there is
   room on the disk for what is to be appended. */
MUST_CHECK bool audit_prepare(const struct store *store, const char *run_id, struct error *error);

struct audit_head {
	int64_t count;                /* of whole lines; 0: there is no log */
	char sha256[AUDIT_HASH_SIZE]; /* of the last one; "" */
};

/* Only looks: a tail that an append has not finished, or a crash has cut, is passed over.
   ERROR_VERIFICATION when there is no whole line in it. */
MUST_CHECK bool audit_read_head(
    const struct store *store, struct audit_head *ret_head, struct error *error);
/* The file's length in bytes, to see whether something was appended; 0 when there is none. */
int64_t audit_length(const struct store *store);
