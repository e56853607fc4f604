/* Calls on names: what is made, renamed, removed. To the kernel directly, as in descriptors.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/crash/point.h"

#define INTERPOSED __attribute__((visibility("default")))
/* An off_t has 64 bits here: the function under its other name. */
#define INTERPOSED_AS(name) __attribute__((visibility("default"), alias(name)))

/* Only what makes or empties a file is a point; a file that is read is none. */
static int open_file(const char *function, int folder, const char *path, int flags, mode_t mode)
{
	if ((flags & (O_CREAT | O_TRUNC)) != 0 && !point_pass_at(function, folder, path))
		return -1;
	return (int)syscall(SYS_openat, folder, path, flags, mode);
}

static bool has_mode(int flags)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

/* The mode is there only when the flags say so. */
static int open_varied(
    const char *function, int folder, const char *path, int flags, va_list arguments)
{
	return open_file(
	    function, folder, path, flags, has_mode(flags) ? va_arg(arguments, mode_t) : 0);
}

INTERPOSED int open(const char *path, int flags, ...)
{
	va_list arguments;
	int fd;

	va_start(arguments, flags);
	fd = open_varied("open", AT_FDCWD, path, flags, arguments);
	va_end(arguments);
	return fd;
}

INTERPOSED int openat(int folder, const char *path, int flags, ...)
{
	va_list arguments;
	int fd;

	va_start(arguments, flags);
	fd = open_varied("openat", folder, path, flags, arguments);
	va_end(arguments);
	return fd;
}

INTERPOSED int creat(const char *path, mode_t mode)
{
	return open_file("open", AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* What open() becomes with _FORTIFY_SOURCE when there is no mode. */
INTERPOSED int __open_2(const char *path, int flags)
{
	return open_file("open", AT_FDCWD, path, flags, 0);
}

INTERPOSED int __openat_2(int folder, const char *path, int flags)
{
	return open_file("openat", folder, path, flags, 0);
}

INTERPOSED_AS("open") int open64(const char *path, int flags, ...);
INTERPOSED_AS("openat") int openat64(int folder, const char *path, int flags, ...);
INTERPOSED_AS("creat") int creat64(const char *path, mode_t mode);
INTERPOSED_AS("__open_2") int __open64_2(const char *path, int flags);
INTERPOSED_AS("__openat_2") int __openat64_2(int folder, const char *path, int flags);

static bool pass_pair(
    const char *function, int from_folder, const char *from, int to_folder, const char *to)
{
	struct absolute_path from_buffer;
	struct absolute_path to_buffer;

	return point_pass(function, point_absolute(from_folder, from, &from_buffer),
	    point_absolute(to_folder, to, &to_buffer));
}

static int rename_file(const char *function, int from_folder, const char *from, int to_folder,
    const char *to, unsigned flags)
{
	if (!pass_pair(function, from_folder, from, to_folder, to))
		return -1;
	return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

INTERPOSED int rename(const char *from, const char *to)
{
	return rename_file("rename", AT_FDCWD, from, AT_FDCWD, to, 0);
}

INTERPOSED int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return rename_file("renameat", from_folder, from, to_folder, to, 0);
}

INTERPOSED int renameat2(
    int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	return rename_file("renameat2", from_folder, from, to_folder, to, flags);
}

static int remove_name(const char *function, int folder, const char *path, int flags)
{
	if (!point_pass_at(function, folder, path))
		return -1;
	return (int)syscall(SYS_unlinkat, folder, path, flags);
}

INTERPOSED int unlink(const char *path)
{
	return remove_name("unlink", AT_FDCWD, path, 0);
}

INTERPOSED int unlinkat(int folder, const char *path, int flags)
{
	return remove_name("unlinkat", folder, path, flags);
}

INTERPOSED int rmdir(const char *path)
{
	return remove_name("rmdir", AT_FDCWD, path, AT_REMOVEDIR);
}

/* The C library's own would reach the kernel without passing here. */
INTERPOSED int remove(const char *path)
{
	struct stat status;
	int saved_errno = errno;
	bool is_folder = lstat(path, &status) == 0 && S_ISDIR(status.st_mode);

	errno = saved_errno;
	return remove_name("remove", AT_FDCWD, path, is_folder ? AT_REMOVEDIR : 0);
}

/* The target is a text and stays as it is. */
static int make_symlink(const char *function, const char *target, int folder, const char *path)
{
	struct absolute_path buffer;

	if (!point_pass(function, target, point_absolute(folder, path, &buffer)))
		return -1;
	return (int)syscall(SYS_symlinkat, target, folder, path);
}

INTERPOSED int symlink(const char *target, const char *path)
{
	return make_symlink("symlink", target, AT_FDCWD, path);
}

INTERPOSED int symlinkat(const char *target, int folder, const char *path)
{
	return make_symlink("symlinkat", target, folder, path);
}

static int make_link(const char *function, int from_folder, const char *from, int to_folder,
    const char *to, int flags)
{
	if (!pass_pair(function, from_folder, from, to_folder, to))
		return -1;
	return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

INTERPOSED int link(const char *from, const char *to)
{
	return make_link("link", AT_FDCWD, from, AT_FDCWD, to, 0);
}

INTERPOSED int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	return make_link("linkat", from_folder, from, to_folder, to, flags);
}

static int make_folder(const char *function, int folder, const char *path, mode_t mode)
{
	if (!point_pass_at(function, folder, path))
		return -1;
	return (int)syscall(SYS_mkdirat, folder, path, mode);
}

INTERPOSED int mkdir(const char *path, mode_t mode)
{
	return make_folder("mkdir", AT_FDCWD, path, mode);
}

INTERPOSED int mkdirat(int folder, const char *path, mode_t mode)
{
	return make_folder("mkdirat", folder, path, mode);
}

INTERPOSED int truncate(const char *path, off_t length)
{
	return point_pass_at("truncate", AT_FDCWD, path) ? (int)syscall(SYS_truncate, path, length)
							 : -1;
}

INTERPOSED int truncate64(const char *path, off64_t length)
{
	return truncate(path, length);
}
