#pragma once
/*
 * One line of the audit log: a JSON object and a newline.
 *
 *	{"seq":2,"time":"2026-11-20T21:59:54Z","run_id":"...","previous":"...","event":"...", facts}
 *
 * `previous` is the SHA-256 of the line before, its newline included, as sha256sum prints it for
 * that line; null in the first. Pure.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_LINE_MAX 4096 /* bytes, the newline included */
#define AUDIT_HASH_SIZE 65  /* lower case hex and a NUL */

struct audit_line {
	cJSON *object; /* owned: audit_line_clear */
	int64_t number;
	char previous[AUDIT_HASH_SIZE]; /* "" in the first */
	const char *event;              /* borrowed from the object */
};

/* `length` bytes without the newline. ERROR_VERIFICATION says what is wrong with it; members
   beyond those above are the event's own and not looked at. */
MUST_CHECK bool audit_line_parse(
    const char *text, size_t length, struct audit_line *ret_line, struct error *error);
void audit_line_clear(struct audit_line *line);

/* With its newline; `length` counts it. */
void audit_line_hash(const char *text, size_t length, char hash[AUDIT_HASH_SIZE]);
bool audit_line_is_hash(const char *text);

/* What a line says besides its facts. */
struct audit_line_head {
	int64_t number;
	int64_t time;
	const char *run_id;   /* NULL: none */
	const char *previous; /* "": the first */
	const char *event;
};

/* With its newline. `facts` is an object and may be NULL. ERROR_INTERNAL when it gets longer than
   AUDIT_LINE_MAX. Owned. */
MUST_CHECK bool audit_line_format(const struct audit_line_head *head, const cJSON *facts,
    char **ret_text, size_t *ret_length, struct error *error);

__attribute__((unused)) static inline void scoped_destroy_audit_line(struct audit_line *line)
{
	audit_line_clear(line);
}
