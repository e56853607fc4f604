/*
 * transport/response_head: whatever the lines, sizes and numbers stay within their bounds.
 */
#include "transport/response_head.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct response_head head = { .size = 0 };
	const char *line = (const char *)data;
	const char *end = line + size;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = newline ? (size_t)(newline + 1 - line) : (size_t)(end - line);
		/* A copy of its own, so that a look beyond the line is seen. */
		char *copy = malloc(length);

		memcpy(copy, line, length);
		must(response_head_add(&head, copy, length) || size > RESPONSE_HEAD_MAX);
		free(copy);
		line += length;
	}
	must(memchr(head.content_type, '\0', sizeof(head.content_type)) != NULL);
	must(head.date >= 0);
	must(response_head_retry_after(&head) >= 0);
	must(response_head_retry_after(&head) <= RETRY_AFTER_MAX);
	return 0;
}
