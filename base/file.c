#include "base/file.h"

#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define READ_STEP 4096

enum error_kind file_error_kind(int error_number)
{
	switch (error_number) {
	case EACCES:
	case EPERM:
	case EROFS:
	case ELOOP: /* a symlink where O_NOFOLLOW allows none */
		return ERROR_PERMISSION;
	case EBADF:
	case EFAULT:
	case EINVAL:
	case ENAMETOOLONG:
	case ENOMEM:
		return ERROR_INTERNAL;
	default:
		return ERROR_STATE;
	}
}

const char *file_error_reason(int error_number)
{
	switch (error_number) {
	case EMFILE:
		return "too many open files: raise the limit (LimitNOFILE=, ulimit -n)";
	case ENFILE:
		return "too many open files on this host: raise the limit (sysctl fs.file-max)";
	default:
		return strerror(error_number);
	}
}

/* "cannot <verb> <path>: <reason>" */
static bool fail(struct error *error, const char *verb, const char *path)
{
	int reason = errno;

	return error_set(error, file_error_kind(reason), "cannot %s %s: %s", verb, path,
	    file_error_reason(reason));
}

bool folder_open(const char *path, int *ret_folder, struct error *error)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return fail(error, "open the folder", path);
	*ret_folder = folder;
	return true;
}

bool folder_open_at(
    int parent, const char *name, const char *path, int *ret_folder, struct error *error)
{
	int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int reason = errno;
	struct stat status;

	if (folder < 0 && (reason == ENOTDIR || reason == ELOOP)
	    && fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(error, ERROR_PERMISSION,
		    "%s is %s: put a folder in its place, or remove it", path,
		    S_ISLNK(status.st_mode) ? "a symlink, which is not followed here"
					    : "not a folder");
	errno = reason;
	if (folder < 0 && reason != ENOENT)
		return fail(error, "open the folder", path);
	*ret_folder = folder;
	return true;
}

bool folder_make(int parent, const char *name, mode_t mode, const char *path, int *ret_folder,
    struct error *error)
{
	scoped(fd) int folder = -1;
	bool made;

	if (!folder_open_at(parent, name, path, ret_folder, error))
		return false;
	if (*ret_folder >= 0)
		return true;
	made = mkdirat(parent, name, mode) == 0;
	if (!made && errno != EEXIST)
		return fail(error, "make the folder", path);
	if (!folder_open_at(parent, name, path, &folder, error))
		return false;
	if (folder < 0)
		return error_set(error, ERROR_STATE, "%s has just been removed", path);
	if (made && fchmod(folder, mode) != 0)
		return fail(error, "set the mode of", path);
	if (made && !folder_sync(parent, path, error))
		return false;

	*ret_folder = take_fd(&folder);
	return true;
}

static bool sync_descriptor(int descriptor)
{
	int result;

	do
		result = fsync(descriptor);
	while (result != 0 && errno == EINTR);
	return result == 0;
}

bool folder_sync(int folder, const char *path, struct error *error)
{
	return sync_descriptor(folder) || fail(error, "sync", path);
}

static bool remove_files(DIR *listing, const char *path, struct error *error)
{
	for (;;) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(listing);
		if (!entry)
			return errno == 0 || fail(error, "list the folder", path);
		if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, ".."))
			continue;
		if (unlinkat(dirfd(listing), entry->d_name, 0) != 0)
			return fail(error, "remove all files of the folder", path);
	}
}

bool folder_remove(int parent, const char *name, const char *path, struct error *error)
{
	scoped(fd) int folder =
	    openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scoped(DIR) DIR *listing = NULL;

	if (folder < 0 && errno == ENOENT)
		return true;
	if (folder < 0)
		return fail(error, "open the folder", path);
	listing = fdopendir(folder);
	if (!listing)
		return fail(error, "list the folder", path);
	(void)take_fd(&folder); /* it is the listing's now */
	if (!remove_files(listing, path, error))
		return false;
	if (unlinkat(parent, name, AT_REMOVEDIR) != 0)
		return fail(error, "remove the folder", path);
	return folder_sync(parent, path, error);
}

static bool write_all(int file, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = write(file, bytes, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count == 0)
			errno = EIO;
		if (count <= 0)
			return false;
		bytes += count;
		length -= (size_t)count;
	}
	return true;
}

static int create(int folder, const char *name, mode_t mode)
{
	return openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

static bool fill(int file, const void *bytes, size_t length, mode_t mode)
{
	return fchmod(file, mode) == 0 && write_all(file, bytes, length) && sync_descriptor(file);
}

/* As fail(), and what was begun under `name` goes away. */
static bool give_up(
    int folder, const char *name, struct error *error, const char *verb, const char *path)
{
	(void)fail(error, verb, path);
	(void)unlinkat(folder, name, 0);
	return false;
}

bool file_write_new(int folder, const char *name, const void *bytes, size_t length, mode_t mode,
    const char *path, struct error *error)
{
	scoped(fd) int file = create(folder, name, mode);

	if (file < 0)
		return fail(error, "create", path);
	return fill(file, bytes, length, mode) || give_up(folder, name, error, "write", path);
}

bool file_begin_new(int folder, const char *name, const void *bytes, size_t length, mode_t mode,
    const char *path, int *ret_file, struct error *error)
{
	scoped(fd) int file = create(folder, name, mode);

	if (file < 0)
		return fail(error, "create", path);
	if (fchmod(file, mode) != 0 || !write_all(file, bytes, length))
		return give_up(folder, name, error, "write", path);
	/* Only a beginning, which not every file system knows: file_finish is what counts. */
	(void)sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
	*ret_file = take_fd(&file);
	return true;
}

bool file_finish(int file, const char *path, struct error *error)
{
	return sync_descriptor(file) || fail(error, "write", path);
}

/* What takes the place of `name` by a rename. False, with errno, when that name is too long. */
static bool temporary_name(char target[NAME_MAX + 1], const char *name)
{
	errno = ENAMETOOLONG;
	return text_format(target, NAME_MAX + 1, "%s.tmp", name);
}

/* Puts the complete `temporary` in the place of `name`. */
static bool put_in_place(
    int folder, const char *temporary, const char *name, const char *path, struct error *error)
{
	if (renameat(folder, temporary, folder, name) != 0)
		return give_up(folder, temporary, error, "replace", path);
	return folder_sync(folder, path, error);
}

bool file_replace(int folder, const char *name, const void *bytes, size_t length, mode_t mode,
    const char *path, struct error *error)
{
	char temporary[NAME_MAX + 1];
	scoped(fd) int file = -1;

	if (!temporary_name(temporary, name))
		return fail(error, "replace", path);
	file = create(folder, temporary, mode);
	/* What a crash left is not written into: others may have it open. */
	if (file < 0 && errno == EEXIST && unlinkat(folder, temporary, 0) == 0)
		file = create(folder, temporary, mode);
	if (file < 0)
		return fail(error, "replace", path);
	if (!fill(file, bytes, length, mode))
		return give_up(folder, temporary, error, "write", path);
	return put_in_place(folder, temporary, name, path, error);
}

bool file_symlink(
    int folder, const char *target, const char *name, const char *path, struct error *error)
{
	char temporary[NAME_MAX + 1];
	int result;

	if (!temporary_name(temporary, name))
		return fail(error, "replace", path);
	result = symlinkat(target, folder, temporary);
	if (result != 0 && errno == EEXIST && unlinkat(folder, temporary, 0) == 0)
		result = symlinkat(target, folder, temporary);
	if (result != 0)
		return fail(error, "replace", path);
	return put_in_place(folder, temporary, name, path, error);
}

bool file_remove(int folder, const char *name, const char *path, struct error *error)
{
	if (unlinkat(folder, name, 0) == 0)
		return folder_sync(folder, path, error);
	return errno == ENOENT || fail(error, "remove", path);
}

static bool grow(char **bytes, size_t *capacity)
{
	size_t wanted = *capacity == 0 ? READ_STEP : *capacity * 2;
	char *larger = realloc(*bytes, wanted);

	if (!larger)
		return false;
	*bytes = larger;
	*capacity = wanted;
	return true;
}

/* size: of a regular file, in whose case a read that stops short there has met the end; -1: not
   known. */
static bool read_all(int descriptor, off_t size, size_t limit, const char *path, char **ret_bytes,
    size_t *ret_length, struct error *error)
{
	scoped(char) char *bytes = NULL;
	size_t capacity = 0;
	size_t length = 0;
	ssize_t count = 1;
	bool ended = false;

	while (!ended) {
		if (length > limit)
			return error_set(
			    error, ERROR_STATE, "%s is longer than %zu bytes", path, limit);
		if (length == capacity && !grow(&bytes, &capacity))
			return fail(error, "read", path);
		count = read(descriptor, bytes + length, capacity - length);
		if (count < 0 && errno != EINTR)
			return fail(error, "read", path);
		if (count > 0)
			length += (size_t)count;
		ended = count == 0
			|| (count > 0 && length < capacity && size >= 0 && (off_t)length == size);
	}
	if (length > limit)
		return error_set(error, ERROR_STATE, "%s is longer than %zu bytes", path, limit);
	bytes[length] = '\0';

	*ret_bytes = take(bytes);
	*ret_length = length;
	return true;
}

bool file_read(int folder, const char *name, size_t limit, const char *path, char **ret_bytes,
    size_t *ret_length, struct error *error)
{
	/* Without O_NONBLOCK a FIFO of that name would be waited for. */
	scoped(fd) int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (file < 0 && errno == ENOENT) {
		*ret_bytes = NULL;
		*ret_length = 0;
		return true;
	}
	if (file < 0)
		return fail(error, "open", path);
	if (fstat(file, &status) != 0)
		return fail(error, "look at", path);
	if (!S_ISREG(status.st_mode))
		return error_set(error, ERROR_PERMISSION, "%s is not a regular file", path);
	return read_all(file, status.st_size, limit, path, ret_bytes, ret_length, error);
}

bool file_read_descriptor(int descriptor, size_t limit, const char *path, char **ret_bytes,
    size_t *ret_length, struct error *error)
{
	return read_all(descriptor, -1, limit, path, ret_bytes, ret_length, error);
}
