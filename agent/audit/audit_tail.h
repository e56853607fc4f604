#pragma once
/*
 * The end of the audit log: its last whole lines. Inside of the audit log; nobody else includes
 * this.
 */
#include "agent/audit/audit_line.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* As much is read: a handful of the longest lines, some twenty of the usual ones. */
#define AUDIT_TAIL_SIZE (4 * AUDIT_LINE_MAX)

struct audit_tail {
	char bytes[AUDIT_TAIL_SIZE];
	size_t begin;                 /* of the first line that is all there */
	size_t end;                   /* behind the last whole line */
	size_t length;                /* what was read; more than `end`: something was cut */
	off_t offset;                 /* of bytes[0] in the file */
	int64_t count;                /* the last whole line's number; 0: none */
	char sha256[AUDIT_HASH_SIZE]; /* of that line; "" */
	bool hopeless;                /* the file is longer, and no line in its tail is whole */
};

/* `path` is for messages. */
MUST_CHECK bool audit_tail_read(
    int file, const char *path, struct audit_tail *ret_tail, struct error *error);
/* Whether the last event of this name says the same of `subject` as `facts`. */
bool audit_tail_has(
    const struct audit_tail *tail, const char *event, const char *subject, const cJSON *facts);
