#pragma once
/*
 * Files that survive a crash.
 *
 * What is written is fsynced, file and folder, before it counts, and becomes visible by one
 * rename. Folders are handed in as descriptors, so that nothing depends on the working directory
 * and no path is resolved twice. Names hold no '/'. Errors: ERROR_STATE (ENOSPC, EIO, ...),
 * ERROR_PERMISSION (EACCES, EPERM, EROFS, a symlink or another thing where a file must be); `path`
 * is what messages call the thing.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The kind that fits an errno: ERROR_PERMISSION, ERROR_STATE or ERROR_INTERNAL. */
enum error_kind file_error_kind(int error_number);
/* strerror(), with what to do when there may be no more open files. Never NULL. */
const char *file_error_reason(int error_number);

/* Opens a folder, O_DIRECTORY | O_CLOEXEC; a symlink as the last part is followed. */
MUST_CHECK bool folder_open(const char *path, int *ret_folder, struct error *error);
/* The same below another folder, by name. Absent: *ret_folder -1. A symlink, which is not followed, or
   another thing in its place is ERROR_PERMISSION. `path` is only for messages. */
MUST_CHECK bool folder_open_at(
    int parent, const char *name, const char *path, int *ret_folder, struct error *error);
/* Makes it (mode as given, whatever the umask) unless it is there, durably, and opens it.
   `path` is only for messages. */
MUST_CHECK bool folder_make(int parent, const char *name, mode_t mode, const char *path,
    int *ret_folder, struct error *error);
MUST_CHECK bool folder_sync(int folder, const char *path, struct error *error);
/* Removes a folder and the files in it; folders inside of it are an error. Absent is fine.
   The parent is fsynced. */
MUST_CHECK bool folder_remove(int parent, const char *name, const char *path, struct error *error);

/* Writes `<name>.tmp`, fsyncs it, renames it to `name`, fsyncs the folder. What a crash left as
   `<name>.tmp` is removed first. One writer at a time: the caller holds a lock. */
MUST_CHECK bool file_replace(int folder, const char *name, const void *bytes, size_t length,
    mode_t mode, const char *path, struct error *error);
/* Writes a new file and fsyncs it, but not the folder: for a folder that is not visible yet.
   A file of that name is an error. */
MUST_CHECK bool file_write_new(int folder, const char *name, const void *bytes, size_t length,
    mode_t mode, const char *path, struct error *error);
/* The same in two steps, so that several files travel to disk together: the content is on its way
   when it returns, and there when file_finish has been told of the descriptor, which is the
   caller's. */
MUST_CHECK bool file_begin_new(int folder, const char *name, const void *bytes, size_t length,
    mode_t mode, const char *path, int *ret_file, struct error *error);
MUST_CHECK bool file_finish(int file, const char *path, struct error *error);
/* Reads all of a regular file of at most `limit` bytes; a NUL follows them. The caller owns it.
   An absent file succeeds with *ret_bytes NULL. A symlink as the last part is refused. */
MUST_CHECK bool file_read(int folder, const char *name, size_t limit, const char *path,
    char **ret_bytes, size_t *ret_length, struct error *error);
/* The same for an open descriptor, which may be a pipe; `path` is for messages. */
MUST_CHECK bool file_read_descriptor(int descriptor, size_t limit, const char *path,
    char **ret_bytes, size_t *ret_length, struct error *error);
/* Absent is fine. The folder is fsynced. */
MUST_CHECK bool file_remove(int folder, const char *name, const char *path, struct error *error);
/* Points the symlink `name` to `target` by one rename, durably. */
MUST_CHECK bool file_symlink(
    int folder, const char *target, const char *name, const char *path, struct error *error);
