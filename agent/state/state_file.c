#include "agent/state/state_file.h"

#include "base/file.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FILE_MODE 0600

struct place {
	char path[PATH_MAX]; /* for messages: a cut one will do */
	char temporary[NAME_MAX];
};

static void place_set(struct place *place, const struct state_folder *folder, const char *name)
{
	text_format(place->path, sizeof(place->path), "%s/%s", folder->path, name);
	text_format(place->temporary, sizeof(place->temporary), "%s.tmp", name);
}

static bool fail(struct error *error, const char *verb, const char *path)
{
	int reason = errno;

	return error_set(error, file_error_kind(reason), "cannot %s %s: %s", verb, path,
	    file_error_reason(reason));
}

bool state_file_advise(const struct state_folder *folder, const char *name, struct error *error)
{
	struct stat status;

	if (error->kind != ERROR_PERMISSION
	    || fstatat(folder->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) != 0
	    || !S_ISREG(status.st_mode) || status.st_uid == geteuid())
		return false;
	return error_set(error, ERROR_PERMISSION,
	    "%s; it belongs to the user with the id %u, but this runs as %u: run it as that user",
	    error->message, (unsigned)status.st_uid, (unsigned)geteuid());
}

bool state_file_read(const struct state_folder *folder, const char *name, cJSON **ret_object,
    bool *ret_damaged, struct error *error)
{
	scoped(cJSON) cJSON *object = NULL;
	scoped(char) char *text = NULL;
	struct error why = ERROR_INIT;
	struct place place;
	struct stat status;
	size_t length;

	place_set(&place, folder, name);
	*ret_object = NULL;
	*ret_damaged = false;
	if (fstatat(folder->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT || fail(error, "look at", place.path);
	if (!S_ISREG(status.st_mode) || status.st_size > STATE_FILE_SIZE_MAX) {
		*ret_damaged = true;
		return true;
	}
	if (!file_read(
		folder->descriptor, name, STATE_FILE_SIZE_MAX, place.path, &text, &length, error))
		return state_file_advise(folder, name, error);
	if (!text)
		return true;
	if (!json_parse(text, length, place.path, ERROR_DAMAGED, &object, &why)
	    || !cJSON_IsObject(object))
		*ret_damaged = true;
	else
		*ret_object = take(object);
	return true;
}

/* Not fsynced: when a power cut brings the damaged file back, it is set aside again. */
bool state_file_set_aside(const struct state_folder *folder, const char *name, struct error *error)
{
	char aside[NAME_MAX];
	struct place place;

	place_set(&place, folder, name);
	text_format(aside, sizeof(aside), "%s.damaged", name);
	if (renameat(folder->descriptor, name, folder->descriptor, aside) != 0)
		return fail(error, "set aside the damaged", place.path);
	return true;
}

static bool write_unsynced(
    int file, const char *text, size_t length, const char *path, struct error *error)
{
	while (length > 0) {
		ssize_t count = write(file, text, length);

		if (count < 0 && errno != EINTR)
			return fail(error, "write", path);
		if (count > 0) {
			text += count;
			length -= (size_t)count;
		}
	}
	return true;
}

static bool write_temporary(int folder, const struct place *place, const char *text, size_t length,
    enum state_file_safety safety, struct error *error)
{
	scoped(fd) int file = -1;

	/* What a kill left: never written into, somebody may be reading it. */
	if (unlinkat(folder, place->temporary, 0) != 0 && errno != ENOENT)
		return fail(error, "replace", place->path);
	if (safety != STATE_FILE_MAY_VANISH)
		return file_write_new(
		    folder, place->temporary, text, length, STATE_FILE_MODE, place->path, error);
	file = openat(
	    folder, place->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, STATE_FILE_MODE);
	if (file < 0)
		return fail(error, "create", place->path);
	return write_unsynced(file, text, length, place->path, error);
}

bool state_file_write(const struct state_folder *folder, const char *name, const cJSON *object,
    enum state_file_safety safety, struct error *error)
{
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(STATE_FILE_SIZE_MAX);
	scoped(char) char *json = json_print(object);
	struct place place;

	place_set(&place, folder, name);
	if (!text_printf(&text, "%s\n", json))
		return error_set(error, ERROR_INTERNAL, "%s would become longer than %d bytes",
		    place.path, STATE_FILE_SIZE_MAX);
	if (!write_temporary(folder->descriptor, &place, text.data, text.length, safety, error)) {
		/* Half a file holds room that a full disk needs. */
		(void)unlinkat(folder->descriptor, place.temporary, 0);
		return false;
	}
	if (renameat(folder->descriptor, place.temporary, folder->descriptor, name) != 0)
		return fail(error, "replace", place.path);
	return safety != STATE_FILE_ON_DISK || folder_sync(folder->descriptor, place.path, error);
}

bool state_file_remove(const struct state_folder *folder, const char *name,
    enum state_file_safety safety, struct error *error)
{
	struct place place;

	place_set(&place, folder, name);
	if (unlinkat(folder->descriptor, place.temporary, 0) != 0 && errno != ENOENT)
		return fail(error, "remove what was left of", place.path);
	if (unlinkat(folder->descriptor, name, 0) != 0 && errno != ENOENT)
		return fail(error, "remove", place.path);
	return safety != STATE_FILE_ON_DISK || folder_sync(folder->descriptor, place.path, error);
}
