#include "agent/audit/audit_verify.h"

#include "agent/audit/audit.h"
#include "agent/state/store.h"
#include "base/file.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE (16 * AUDIT_LINE_MAX)

bool audit_remembered_parse(
    const char *text, struct audit_remembered *ret_remembered, struct error *error)
{
	struct audit_remembered remembered = { .count = 0 };
	const char *colon = strchr(text, ':');
	const char *hash = colon ? colon + 1 : text;
	char digits[24] = "";
	uint64_t count = 0;

	if (!text_copy(remembered.sha256, sizeof(remembered.sha256), hash))
		return error_set(error, ERROR_USAGE, "must be HASH or COUNT:HASH");
	for (char *at = remembered.sha256; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	if (colon
	    && (!text_format(digits, sizeof(digits), "%.*s", (int)(colon - text), text)
		|| !text_parse_number(digits, 1, INT64_MAX, &count)))
		return error_set(error, ERROR_USAGE,
		    "must be HASH or COUNT:HASH, as `status` shows them: no count before the "
		    "colon");
	if (!audit_line_is_hash(remembered.sha256))
		return error_set(error, ERROR_USAGE,
		    "must be HASH or COUNT:HASH, the hash being a SHA-256 in hexadecimal digits");
	remembered.count = (int64_t)count;
	*ret_remembered = remembered;
	return true;
}

/* How far the reading has come. */
struct reading {
	const char *path;
	const struct audit_remembered *remembered;
	struct audit_findings *findings;
	int64_t place; /* of the line, from 1 */
	/* After a jump in the numbers: those passed over, and whether one of them comes later. */
	int64_t skipped_from, skipped_to;
	bool found_later;
	struct error broken; /* what is wrong at broken_at; ERROR_NONE */
};

static void break_here(struct reading *reading, const char *format, ...) PRINTF_LIKE(2, 3);
static void break_here(struct reading *reading, const char *format, ...)
{
	char text[ERROR_MESSAGE_SIZE];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	reading->findings->broken_at = reading->place;
	error_set(&reading->broken, ERROR_VERIFICATION, "%s: %s", reading->path, text);
}

static void judge_number(struct reading *reading, const struct audit_line *line)
{
	const int64_t place = reading->place;

	if (line->number > place) {
		reading->skipped_from = place;
		reading->skipped_to = line->number - 1;
		break_here(
		    reading, "line %" PRId64 " has the number %" PRId64, place, line->number);
	} else if (line->number < place) {
		break_here(reading,
		    "line %" PRId64 " has the number %" PRId64
		    ": lines were repeated, or brought into another order",
		    place, line->number);
	} else {
		break_here(reading,
		    "line %" PRId64 " was changed after line %" PRId64
		    " was written, or line %" PRId64 " itself was: its `previous` is not the hash "
		    "of the line before",
		    place - 1, place, place);
	}
}

static void note_activated(struct audit_findings *findings, const cJSON *line)
{
	const char *sha256 = json_string(line, "sha256");

	(void)text_format(
	    findings->activated, sizeof(findings->activated), "%s", sha256 ? sha256 : "");
}

static void accept(
    struct reading *reading, const struct audit_line *line, const char *text, size_t length)
{
	struct audit_findings *findings = reading->findings;

	findings->count = line->number;
	audit_line_hash(text, length, findings->sha256);
	if (text_equal(line->event, "audit_repaired")) {
		findings->repairs++;
		findings->begins_anew =
		    findings->begins_anew || json_member(line->object, "set_aside");
	}
	if (text_equal(line->event, "certificate_activated"))
		note_activated(findings, line->object);
	if (text_equal(findings->sha256, reading->remembered->sha256))
		findings->remembered_at = line->number;
}

/* `length` counts the newline. After a break only the numbers are of interest. */
static void look_at_line(struct reading *reading, const char *text, size_t length)
{
	scoped(audit_line) struct audit_line line = { .object = NULL };
	struct error wrong = ERROR_INIT;
	bool parsed = audit_line_parse(text, length - 1, &line, &wrong);

	reading->place++;
	if (reading->broken.kind != ERROR_NONE) {
		if (parsed && line.number >= reading->skipped_from
		    && line.number <= reading->skipped_to)
			reading->found_later = true;
	} else if (!parsed) {
		break_here(
		    reading, "line %" PRId64 " was changed: %s", reading->place, wrong.message);
	} else if (line.number != reading->place
		   || !text_equal(line.previous, reading->findings->sha256)) {
		judge_number(reading, &line);
	} else {
		accept(reading, &line, text, length);
	}
}

/* What a line without an end may have at most. Longer ones are looked at in pieces, each of which
   is no line. */
static size_t look_at_lines(struct reading *reading, const char *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		const char *newline = memchr(bytes + done, '\n', length - done);
		size_t step = newline ? (size_t)(newline + 1 - (bytes + done)) : length - done;

		if (!newline && step <= AUDIT_LINE_MAX)
			break;
		look_at_line(reading, bytes + done, step);
		done += step;
	}
	return done;
}

static bool read_all(struct reading *reading, int file, int64_t length, struct error *error)
{
	scoped(char) char *buffer = malloc(READ_SIZE);
	int64_t offset = 0;
	size_t held = 0;

	if (!buffer)
		return error_set(error, ERROR_INTERNAL, "no memory to read %s", reading->path);
	while (offset < length) {
		size_t room = READ_SIZE - held;
		ssize_t count;
		size_t done;

		if ((int64_t)room > length - offset)
			room = (size_t)(length - offset);
		count = pread(file, buffer + held, room, (off_t)offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(error, file_error_kind(errno), "cannot read %s: %s",
			    reading->path, file_error_reason(errno));
		if (count == 0)
			break;
		offset += count;
		held += (size_t)count;
		done = look_at_lines(reading, buffer, held);
		held -= done;
		memmove(buffer, buffer + done, held);
	}
	reading->findings->torn_bytes = (int64_t)held;
	return true;
}

static bool tell_break(const struct reading *reading, struct error *error)
{
	const int64_t from = reading->skipped_from;
	const int64_t to = reading->skipped_to;

	*error = reading->broken;
	if (from == 0)
		return false;
	if (reading->found_later)
		return error_set(error, ERROR_VERIFICATION,
		    "%s: lines were brought into another order", reading->broken.message);
	return error_set(error, ERROR_VERIFICATION, "%s: %" PRId64 " line%s before it %s taken out",
	    reading->broken.message, to - from + 1, to == from ? "" : "s",
	    to == from ? "was" : "were");
}

static bool check_remembered(const struct reading *reading, struct error *error)
{
	const struct audit_remembered *remembered = reading->remembered;
	const struct audit_findings *findings = reading->findings;

	if (!remembered->sha256[0]
	    || (findings->remembered_at != 0
		&& (remembered->count == 0 || remembered->count == findings->remembered_at)))
		return true;
	if (findings->remembered_at != 0)
		return error_set(error, ERROR_VERIFICATION,
		    "%s: the remembered head is line %" PRId64 " here and not line %" PRId64,
		    reading->path, findings->remembered_at, remembered->count);
	if (remembered->count > findings->count)
		return error_set(error, ERROR_VERIFICATION,
		    "%s: the tail was cut off: there are %" PRId64 " lines, and there were %" PRId64
		    " when the head was remembered",
		    reading->path, findings->count, remembered->count);
	if (remembered->count != 0)
		return error_set(error, ERROR_VERIFICATION,
		    "%s: the chain was rewritten: line %" PRId64
		    " is not the one that was remembered",
		    reading->path, remembered->count);
	return error_set(error, ERROR_VERIFICATION,
	    "%s: no line has the remembered hash: the tail was cut off, or the chain was rewritten",
	    reading->path);
}

bool audit_verify_file(int file, int64_t length, const char *path,
    const struct audit_remembered *remembered, struct audit_findings *ret_findings,
    struct error *error)
{
	struct reading reading = {
		.path = path,
		.remembered = remembered,
		.findings = ret_findings,
	};

	*ret_findings = (struct audit_findings){ .count = 0 };
	if (!read_all(&reading, file, length, error))
		return false;
	if (reading.broken.kind != ERROR_NONE)
		return tell_break(&reading, error);
	return check_remembered(&reading, error);
}

/* Appends are made under the lock: what is there while we have it is no line in the making. */
static bool find_length(int file, const char *path, int64_t *ret_length, struct error *error)
{
	struct stat status;

	while (flock(file, LOCK_SH) != 0)
		if (errno != EINTR)
			return error_set(error, file_error_kind(errno), "cannot lock %s: %s", path,
			    file_error_reason(errno));
	if (fstat(file, &status) != 0)
		return error_set(error, file_error_kind(errno), "cannot look at %s: %s", path,
		    file_error_reason(errno));
	(void)flock(file, LOCK_UN);
	*ret_length = (int64_t)status.st_size;
	return S_ISREG(status.st_mode)
	       || error_set(error, ERROR_PERMISSION, "%s is no regular file", path);
}

bool audit_verify(const struct store *store, const struct audit_remembered *remembered,
    struct audit_findings *ret_findings, struct error *error)
{
	scoped(fd) int file =
	    openat(store_folder(store), AUDIT_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int reason = errno;
	char path[PATH_MAX];
	int64_t length = 0;

	*ret_findings = (struct audit_findings){ .count = 0 };
	(void)text_format(path, sizeof(path), "%s/" AUDIT_NAME, store_path(store));
	if (file < 0 && reason != ENOENT)
		return error_set(error, file_error_kind(reason), "cannot open %s: %s", path,
		    file_error_reason(reason));
	if (file >= 0 && !find_length(file, path, &length, error))
		return false;
	return audit_verify_file(file, length, path, remembered, ret_findings, error);
}
