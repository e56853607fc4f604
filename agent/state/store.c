#include "agent/state/store_folder.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static bool fail(struct error *error, const char *verb, const char *path)
{
	int reason = errno;

	return error_set(error, file_error_kind(reason), "cannot %s %s: %s", verb, path,
	    file_error_reason(reason));
}

/* Others could put a journal or a `current` of theirs in place; and what root writes into another
   user's folder that user cannot read or replace any more. */
static bool check_folder(int folder, const char *path, bool make, struct error *error)
{
	struct stat status;

	if (fstat(folder, &status) != 0)
		return fail(error, "look at", path);
	if ((status.st_mode & S_IWOTH) && !(status.st_mode & S_ISVTX)) {
		return error_set(error, ERROR_PERMISSION,
		    "every user may write to %s (mode %04o): chmod o-w %s", path,
		    (unsigned)status.st_mode & 07777, path);
	}
	if (make && status.st_uid != geteuid() && status.st_uid != 0) {
		return error_set(error, ERROR_PERMISSION,
		    "%s belongs to the user with the id %u, but this runs as %u: run it as the "
		    "owner, or chown -R the folder",
		    path, (unsigned)status.st_uid, (unsigned)geteuid());
	}
	return true;
}

/* mkdir has failed: where the folder above is missing, nothing but a person makes it. */
static bool set_not_made(const char *path, struct error *error)
{
	int reason = errno;
	char above[PATH_MAX];
	const char *parent;
	struct stat status;

	text_format(above, sizeof(above), "%s", path);
	parent = dirname(above);
	if (reason == ENOENT && stat(parent, &status) != 0 && errno == ENOENT)
		return error_set(error, ERROR_CONFIG,
		    "cannot make the state directory %s: %s is missing: make %s first, or set "
		    "state_directory",
		    path, parent, parent);
	errno = reason;
	return fail(error, "make the state directory", path);
}

/* The folder's entry is fsynced in its parent: all that comes to be in it depends on that. */
static bool make_state_directory(const char *path, int *ret_folder, struct error *error)
{
	scoped(fd) int folder = -1;
	scoped(fd) int parent = -1;

	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return set_not_made(path, error);
	if (!folder_open(path, &folder, error))
		return false;
	if (fchmod(folder, 0755) != 0)
		return fail(error, "set the mode of", path);
	parent = openat(folder, "..", FOLDER_FLAGS);
	if (parent < 0)
		return fail(error, "open the folder that holds", path);
	if (!folder_sync(parent, path, error))
		return false;
	*ret_folder = take_fd(&folder);
	return true;
}

/* *ret_folder is -1 when it is not there and not to be made. */
static bool open_state_directory(const char *path, bool make, int *ret_folder, struct error *error)
{
	scoped(fd) int folder = open(path, FOLDER_FLAGS);

	if (folder < 0 && errno != ENOENT)
		return fail(error, "open the state directory", path);
	if (folder < 0 && make && !make_state_directory(path, &folder, error))
		return false;
	if (folder >= 0 && !check_folder(folder, path, make, error))
		return false;
	*ret_folder = take_fd(&folder);
	return true;
}

static bool open_folder(
    int parent, const char *name, const char *path, bool make, int *ret_folder, struct error *error)
{
	return make ? folder_make(parent, name, 0755, path, ret_folder, error)
		    : folder_open_at(parent, name, path, ret_folder, error);
}

/* The configuration lets no other names pass; a slash here would lead out of the folder. */
static bool check_name(const char *identity, struct error *error)
{
	if (identity[0] == '\0' || identity[0] == '.' || strchr(identity, '/'))
		return error_set(
		    error, ERROR_CONFIG, "\"%s\" cannot be the name of an identity", identity);
	if (text_equal(identity, "tag") || text_equal(identity, "tokens")) {
		return error_set(error, ERROR_CONFIG,
		    "\"%s\" cannot be the name of an identity: the state directory has a use of "
		    "its own for that name",
		    identity);
	}
	return true;
}

static struct store *new_store(
    const char *path, int folder, int generations, const char tag[STORE_TAG_SIZE])
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		abort();
	store->path = text_duplicate(path);
	store->folder = folder;
	store->generations = generations;
	memcpy(store->tag, tag, sizeof(store->tag));
	store->memory = calloc(1, sizeof(*store->memory));
	if (!store->memory)
		abort();
	return store;
}

bool store_open(const char *state_directory, const char *identity, bool make,
    struct store **ret_store, struct error *error)
{
	scoped(fd) int parent = -1;
	scoped(fd) int folder = -1;
	scoped(fd) int generations = -1;
	char path[PATH_MAX];
	char below[PATH_MAX];
	char tag[STORE_TAG_SIZE];

	text_format(path, sizeof(path), "%s/%s", state_directory, identity);
	text_format(below, sizeof(below), "%s/%s/" GENERATIONS_NAME, state_directory, identity);
	if (!check_name(identity, error)
	    || !open_state_directory(state_directory, make, &parent, error))
		return false;
	if (parent >= 0 && !open_folder(parent, identity, path, make, &folder, error))
		return false;
	*ret_store = NULL;
	if (folder < 0)
		return true;
	if (!check_folder(folder, path, make, error)
	    || !open_folder(folder, GENERATIONS_NAME, below, make, &generations, error)
	    || !store_tag_load(parent, state_directory, make, tag, error))
		return false;
	*ret_store = new_store(path, take_fd(&folder), take_fd(&generations), tag);
	return true;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->folder >= 0)
		close(store->folder);
	if (store->generations >= 0)
		close(store->generations);
	store_memory_clear(store->memory);
	free(store->memory);
	free(store->path);
	free(store);
}

void store_remember(const struct store *store)
{
	store->memory->used = true;
}

void store_skim(struct store *store)
{
	store->skims = true;
}

int store_folder(const struct store *store)
{
	return store->folder;
}

const char *store_path(const struct store *store)
{
	return store->path;
}

const char *store_tag(const struct store *store)
{
	return store->tag;
}
