#pragma once
/*
 * The header fields of an HTTP answer that matter here (RFC 9110: Content-Type, Date,
 * Retry-After), read line by line. What is malformed counts as absent; of repeated fields the
 * last one counts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESPONSE_HEAD_MAX 65536
#define RETRY_AFTER_MAX 604800 /* a week */

struct response_head {
	char content_type[128]; /* "" when there was none */
	int64_t date;           /* seconds; 0 when there was none */
	int64_t retry_seconds;  /* of Retry-After as a number; 0 when there was none */
	int64_t retry_date;     /* of Retry-After as a date */
	size_t size;            /* of all lines until now */
	bool complete;          /* the empty line has come */
};

/* One line with or without its line end. A status line starts the answer anew: what came before
   was an interim answer (RFC 9110, 15.2). False once all lines together are too long. */
bool response_head_add(struct response_head *head, const char *line, size_t length);
/* How long to wait, at most RETRY_AFTER_MAX; 0 when nothing was said. A date counts from the
   answer's own Date, so that no clock of ours is asked; without one it is ignored. */
int64_t response_head_retry_after(const struct response_head *head);
