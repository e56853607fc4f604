#include "agent/audit/audit.h"

#include "agent/audit/audit_tail.h"
#include "agent/state/state_file.h"
#include "agent/state/store.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CUT_TEXT_MAX 256 /* of what was cut off, as it is shown */
#define OPEN_TRIES 8     /* somebody else may set the file aside meanwhile */

/* The log while it is appended to, under its lock. */
struct log {
	int folder;
	int file;
	char path[PATH_MAX]; /* for messages: a cut one will do */
	struct audit_tail tail;
};

static void log_close(struct log *log)
{
	if (log->file >= 0)
		close(log->file);
	free(log);
}

DEFINE_SCOPED(log, struct log *, log_close)

static bool fail(const struct log *log, const char *verb, struct error *error)
{
	int reason = errno;

	return error_set(error, file_error_kind(reason), "cannot %s %s: %s", verb, log->path,
	    file_error_reason(reason));
}

/* NULL when there is no memory. */
static struct log *new_log(const struct store *store)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->folder = store_folder(store);
	log->file = -1;
	(void)text_format(log->path, sizeof(log->path), "%s/" AUDIT_NAME, store_path(store));
	return log;
}

/* A file that is not one must not be waited for or written into. */
static bool check_kind(const struct log *log, struct error *error)
{
	struct stat status;

	if (fstat(log->file, &status) != 0)
		return fail(log, "look at", error);
	return S_ISREG(status.st_mode)
	       || error_set(error, ERROR_PERMISSION,
		   "%s is no regular file: put it away, and keep it for whoever asks", log->path);
}

static bool take_lock(const struct log *log, struct error *error)
{
	while (flock(log->file, LOCK_EX) != 0)
		if (errno != EINTR)
			return fail(log, "lock", error);
	return true;
}

/* Not if somebody has set it aside between the opening and the lock. */
static bool is_in_place(const struct log *log)
{
	struct stat here, there;

	return fstat(log->file, &here) == 0
	       && fstatat(log->folder, AUDIT_NAME, &there, AT_SYMLINK_NOFOLLOW) == 0
	       && here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

static bool open_file(struct log *log, struct error *error)
{
	for (int tries = 0; tries < OPEN_TRIES; tries++) {
		if (log->file >= 0)
			close(log->file);
		log->file = openat(log->folder, AUDIT_NAME,
		    O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		if (log->file < 0)
			return fail(log, "open", error);
		if (!check_kind(log, error) || !take_lock(log, error))
			return false;
		if (is_in_place(log))
			return true;
	}
	return error_set(error, ERROR_STATE, "%s comes and goes: who moves it?", log->path);
}

static bool write_bytes(
    const struct log *log, const char *bytes, size_t length, off_t offset, struct error *error)
{
	while (length > 0) {
		ssize_t count = offset < 0 ? write(log->file, bytes, length)
					   : pwrite(log->file, bytes, length, offset);

		if (count < 0 && errno != EINTR)
			return fail(log, "write", error);
		if (count <= 0)
			continue;
		bytes += count;
		length -= (size_t)count;
		offset = offset < 0 ? offset : offset + count;
	}
	return true;
}

static bool sync_file(const struct log *log, bool is_new, struct error *error)
{
	return file_finish(log->file, log->path, error)
	       && (!is_new || folder_sync(log->folder, log->path, error));
}

static bool format(const struct audit_tail *tail, const struct audit_event *event, char **ret_text,
    size_t *ret_length, struct error *error)
{
	const struct audit_line_head head = {
		.number = tail->count + 1,
		.time = clock_now(),
		.run_id = event->run_id && event->run_id[0] ? event->run_id : NULL,
		.previous = tail->sha256,
		.event = event->name,
	};

	return audit_line_format(&head, event->facts, ret_text, ret_length, error);
}

/* For people to recognise it; its SHA-256 says exactly what it was. */
static void add_cut_text(cJSON *facts, const char *bytes, size_t length)
{
	char text[CUT_TEXT_MAX + 1];
	size_t shown = length < CUT_TEXT_MAX ? length : CUT_TEXT_MAX;

	for (size_t i = 0; i < shown; i++)
		text[i] = (char)(bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '?');
	text[shown] = '\0';
	json_add_string(facts, "cut_text", text);
}

/* The event is written over what is cut off: at no instant is one gone without the other. */
static bool cut_off(struct log *log, const char *run_id, struct error *error)
{
	struct audit_tail *tail = &log->tail;
	scoped(cJSON) cJSON *facts = json_new_object();
	const struct audit_event event = { "audit_repaired", facts, NULL, run_id };
	off_t end = tail->offset + (off_t)tail->end;
	size_t cut = tail->length - tail->end;
	char sha256[AUDIT_HASH_SIZE];
	scoped(char) char *line = NULL;
	size_t length;

	audit_line_hash(tail->bytes + tail->end, cut, sha256);
	json_add_integer(facts, "cut_bytes", (int64_t)cut);
	json_add_string(facts, "cut_sha256", sha256);
	add_cut_text(facts, tail->bytes + tail->end, cut);
	if (!format(tail, &event, &line, &length, error))
		return false;
	if (fcntl(log->file, F_SETFL, 0) != 0)
		return fail(log, "cut a torn last line off", error);
	if (!write_bytes(log, line, length, end, error))
		return false;
	if (ftruncate(log->file, end + (off_t)length) != 0
	    || fcntl(log->file, F_SETFL, O_APPEND) != 0)
		return fail(log, "cut a torn last line off", error);
	return sync_file(log, tail->count == 0, error)
	       && audit_tail_read(log->file, log->path, tail, error);
}

static bool append(struct log *log, const struct audit_event *event, struct error *error)
{
	off_t before = log->tail.offset + (off_t)log->tail.length;
	scoped(char) char *line = NULL;
	size_t length;

	if (!format(&log->tail, event, &line, &length, error))
		return false;
	if (!write_bytes(log, line, length, -1, error)) {
		/* Half a line is repaired by the next one, but holds room that a full disk needs. */
		(void)!ftruncate(log->file, before);
		return false;
	}
	return sync_file(log, log->tail.count == 0, error);
}

/* Whatever it holds is kept for whoever asks. */
static bool set_aside(struct log *log, const char *run_id, struct error *error)
{
	scoped(cJSON) cJSON *facts = json_new_object();
	const struct audit_event event = { "audit_repaired", facts, NULL, run_id };
	char moment[CLOCK_TEXT_SIZE];
	char aside[NAME_MAX];

	clock_format(clock_now(), moment);
	(void)text_format(aside, sizeof(aside), AUDIT_NAME ".damaged-%s", moment);
	json_add_string(facts, "set_aside", aside);
	json_add_integer(
	    facts, "set_aside_bytes", (int64_t)(log->tail.offset + (off_t)log->tail.length));
	if (renameat(log->folder, AUDIT_NAME, log->folder, aside) != 0)
		return fail(log, "set aside the damaged", error);
	return open_file(log, error) && audit_tail_read(log->file, log->path, &log->tail, error)
	       && (log->tail.length > 0 || append(log, &event, error))
	       && audit_tail_read(log->file, log->path, &log->tail, error);
}

/* As whom to run, when it is another user's. */
static bool open_or_advise(const struct store *store, struct log *log, struct error *error)
{
	const struct state_folder folder = { store_folder(store), store_path(store) };

	return open_file(log, error) || state_file_advise(&folder, AUDIT_NAME, error);
}

/* Open, locked, and whole up to its end. */
static bool open_log(
    const struct store *store, const char *run_id, struct log **ret_log, struct error *error)
{
	scoped(log) struct log *log = new_log(store);

	if (!log) {
		error_set(error, ERROR_INTERNAL, "no memory for the audit log");
		return false;
	}
	if (!open_or_advise(store, log, error)
	    || !audit_tail_read(log->file, log->path, &log->tail, error)
	    || (log->tail.hopeless && !set_aside(log, run_id, error))
	    || (log->tail.length > log->tail.end && !cut_off(log, run_id, error)))
		return false;
	*ret_log = take(log);
	return true;
}

bool audit_append(const struct store *store, const struct audit_event *event, struct error *error)
{
	scoped(log) struct log *log = NULL;

	if (!open_log(store, event->run_id, &log, error))
		return error_prefix(error, "note the event %s", event->name);
	if (event->subject && audit_tail_has(&log->tail, event->name, event->subject, event->facts))
		return sync_file(log, true, error); /* a kill may have come before that */
	return append(log, event, error) || error_prefix(error, "note the event %s", event->name);
}

/* Blocks behind the end, which stay the file's: the appends after it cannot find the disk full. Not
   every file system can do that; those that cannot are trusted. */
bool audit_prepare(const struct store *store, const char *run_id, struct error *error)
{
	scoped(log) struct log *log = NULL;
	off_t end;

	if (!open_log(store, run_id, &log, error))
		return false;
	end = log->tail.offset + (off_t)log->tail.length;
	if (fallocate(log->file, FALLOC_FL_KEEP_SIZE, end, 2 * AUDIT_LINE_MAX) == 0
	    || (errno != ENOSPC && errno != EDQUOT && errno != EIO))
		return true;
	return fail(log, "make room in", error);
}

bool audit_read_head(const struct store *store, struct audit_head *ret_head, struct error *error)
{
	scoped(log) struct log *log = new_log(store);

	if (!log)
		return error_set(error, ERROR_INTERNAL, "no memory for the audit log");
	log->file = openat(log->folder, AUDIT_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	*ret_head = (struct audit_head){ .count = 0 };
	if (log->file < 0)
		return errno == ENOENT || fail(log, "open", error);
	if (!check_kind(log, error) || !audit_tail_read(log->file, log->path, &log->tail, error))
		return false;
	if (log->tail.count == 0 && log->tail.length > 0)
		return error_set(
		    error, ERROR_VERIFICATION, "%s does not end in a whole line", log->path);
	ret_head->count = log->tail.count;
	memcpy(ret_head->sha256, log->tail.sha256, sizeof(ret_head->sha256));
	return true;
}

int64_t audit_length(const struct store *store)
{
	struct stat status;

	return fstatat(store_folder(store), AUDIT_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0
		       && S_ISREG(status.st_mode)
		   ? (int64_t)status.st_size
		   : 0;
}
