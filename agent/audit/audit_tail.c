#include "agent/audit/audit_tail.h"

#include "base/file.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const char *path, struct error *error)
{
	int reason = errno;

	return error_set(
	    error, file_error_kind(reason), "cannot read %s: %s", path, file_error_reason(reason));
}

static bool read_bytes(int file, const char *path, struct audit_tail *tail, struct error *error)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return fail(path, error);
	tail->offset = status.st_size > AUDIT_TAIL_SIZE ? status.st_size - AUDIT_TAIL_SIZE : 0;
	while (tail->length < sizeof(tail->bytes)) {
		ssize_t count = pread(file, tail->bytes + tail->length,
		    sizeof(tail->bytes) - tail->length, tail->offset + (off_t)tail->length);

		if (count < 0 && errno != EINTR)
			return fail(path, error);
		if (count == 0)
			break;
		if (count > 0)
			tail->length += (size_t)count;
	}
	return true;
}

/* The start of the line that ends before `end`, which is behind its newline. */
static size_t line_start(const struct audit_tail *tail, size_t end)
{
	const char *first = tail->bytes + tail->begin;
	const char *newline = memrchr(first, '\n', end - 1 - tail->begin);

	return newline ? (size_t)(newline + 1 - tail->bytes) : tail->begin;
}

/* The last line that is one, by its form. */
static void find_end(struct audit_tail *tail)
{
	const char *newline = memrchr(tail->bytes + tail->begin, '\n', tail->length - tail->begin);

	tail->end = newline ? (size_t)(newline + 1 - tail->bytes) : tail->begin;
	while (tail->end > tail->begin) {
		scoped(audit_line) struct audit_line line = { .object = NULL };
		struct error ignored = ERROR_INIT;
		size_t start = line_start(tail, tail->end);

		if (audit_line_parse(tail->bytes + start, tail->end - 1 - start, &line, &ignored)) {
			tail->count = line.number;
			audit_line_hash(tail->bytes + start, tail->end - start, tail->sha256);
			return;
		}
		tail->end = start;
	}
	tail->hopeless = tail->offset > 0;
}

bool audit_tail_read(int file, const char *path, struct audit_tail *ret_tail, struct error *error)
{
	struct audit_tail *tail = ret_tail;
	const char *newline;

	tail->begin = tail->end = tail->length = 0;
	tail->count = 0;
	tail->sha256[0] = '\0';
	tail->hopeless = false;
	if (!read_bytes(file, path, tail, error))
		return false;
	if (tail->offset > 0) {
		newline = memchr(tail->bytes, '\n', tail->length);
		tail->begin = newline ? (size_t)(newline + 1 - tail->bytes) : tail->length;
	}
	find_end(tail);
	return true;
}

bool audit_tail_has(
    const struct audit_tail *tail, const char *event, const char *subject, const cJSON *facts)
{
	size_t end = tail->end;

	while (end > tail->begin) {
		scoped(audit_line) struct audit_line line = { .object = NULL };
		struct error ignored = ERROR_INIT;
		size_t start = line_start(tail, end);

		if (audit_line_parse(tail->bytes + start, end - 1 - start, &line, &ignored)
		    && text_equal(line.event, event)) {
			const cJSON *there = json_member(line.object, subject);
			const cJSON *here = json_member(facts, subject);

			return there && here && cJSON_Compare(there, here, true);
		}
		end = start;
	}
	return false;
}
