#include "tests/fakes/file_calls.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	int count;
	int syncs;
	int stop_at;
	int error_number; /* 0: the process ends */
	char log[4096];
} calls;

static void watch(int at, int error_number)
{
	memset(&calls, 0, sizeof(calls));
	calls.stop_at = at;
	calls.error_number = error_number;
}

void file_calls_kill_at(int at)
{
	watch(at, 0);
}

void file_calls_fail_at(int at, int error_number)
{
	watch(at, error_number);
}

void file_calls_leave_alone(void)
{
	watch(0, 0);
}

int file_calls_count(void)
{
	return calls.count;
}

int file_calls_syncs(void)
{
	return calls.syncs;
}

const char *file_calls_log(void)
{
	return calls.log;
}

static bool stops(const char *name)
{
	size_t length = strlen(calls.log);

	text_format(
	    calls.log + length, sizeof(calls.log) - length, "%s%s", length ? " " : "", name);
	calls.syncs += text_equal(name, "fsync");
	if (++calls.count != calls.stop_at)
		return false;
	if (calls.error_number == 0)
		_exit(FILE_CALLS_KILLED);
	errno = calls.error_number;
	return true;
}

#define WRAP(type, name, declared, passed)                                                         \
	type __real_##name declared;                                                               \
	type __wrap_##name declared;                                                               \
	type __wrap_##name declared                                                                \
	{                                                                                          \
		return stops(#name) ? -1 : __real_##name passed;                                   \
	}

WRAP(int, fchmod, (int file, mode_t mode), (file, mode))
WRAP(int, fsync, (int file), (file))
WRAP(int, ftruncate, (int file, off_t size), (file, size))
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, mkdirat, (int folder, const char *name, mode_t mode), (folder, name, mode))
WRAP(ssize_t, pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at))
WRAP(int, renameat, (int from, const char *old, int to, const char *name), (from, old, to, name))
WRAP(int, symlinkat, (const char *target, int folder, const char *name), (target, folder, name))
WRAP(int, unlinkat, (int folder, const char *name, int flags), (folder, name, flags))
WRAP(ssize_t, write, (int file, const void *bytes, size_t size), (file, bytes, size))

int __real_openat(int folder, const char *name, int flags, ...);
int __wrap_openat(int folder, const char *name, int flags, ...);
int __wrap_openat(int folder, const char *name, int flags, ...)
{
	va_list arguments;
	mode_t mode = 0;

	if (!(flags & O_CREAT))
		return __real_openat(folder, name, flags);
	va_start(arguments, flags);
	mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return stops("openat") ? -1 : __real_openat(folder, name, flags, mode);
}

bool file_calls_survive(void (*work)(void *context), void *context, int at)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		file_calls_kill_at(at);
		work(context);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)
	    || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != FILE_CALLS_KILLED))
		abort();
	return WEXITSTATUS(status) == FILE_CALLS_KILLED;
}
