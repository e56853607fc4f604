#include "tests/crash/point.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/crash/settings.h"

static bool is_chosen(
    const struct settings *settings, const char *function, const char *path, const char *other)
{
	char listed[64];

	(void)snprintf(listed, sizeof(listed), ",%s,", function);
	if (*settings->only && !strstr(settings->only, listed))
		return false;
	return !*settings->match || strstr(path, settings->match)
	       || (other && strstr(other, settings->match));
}

/* Opened for each line, and by bare system calls, which are no points. */
static void write_log(const struct settings *settings, uint64_t nth, const char *function,
    const char *path, const char *other)
{
	char line[4 * PATH_MAX + 128];
	int length;
	int fd;

	if (!*settings->log)
		return;
	length = snprintf(line, sizeof(line), "%llu %s %d %s%s%s\n", (unsigned long long)nth,
	    function, (int)getpid(), path, other ? " -> " : "", other ? other : "");
	fd = (int)syscall(
	    SYS_openat, AT_FDCWD, settings->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	syscall(SYS_write, fd, line, (size_t)length);
	syscall(SYS_close, fd);
}

static void strike(const struct settings *settings)
{
	if (settings->error == 0) {
		syscall(SYS_kill, settings->whole_group ? 0 : getpid(), SIGKILL);
		for (;;)
			pause();
	}
	errno = settings->error;
}

bool point_pass(const char *function, const char *path, const char *other)
{
	const struct settings *settings = settings_get();
	int saved_errno = errno;
	uint64_t nth;

	if (!is_chosen(settings, function, path, other))
		return true;
	nth = atomic_fetch_add(settings->counter, 1) + 1;
	write_log(settings, nth, function, path, other);
	errno = saved_errno;
	if (nth < settings->first || nth > settings->last)
		return true;
	strike(settings);
	return false;
}

static void find_path_of(int fd, char *path, size_t size)
{
	char link[64];
	long length;

	if (fd == AT_FDCWD)
		(void)snprintf(link, sizeof(link), "/proc/self/cwd");
	else
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = syscall(SYS_readlinkat, AT_FDCWD, link, path, size - 1);
	if (length < 0)
		length = snprintf(path, size, "fd:%d", fd);
	path[length] = '\0';
}

bool point_pass_fd(const char *function, int fd)
{
	int saved_errno = errno;
	char path[PATH_MAX];

	find_path_of(fd, path, sizeof(path));
	errno = saved_errno;
	return point_pass(function, path, NULL);
}

const char *point_absolute(int folder, const char *path, struct absolute_path *buffer)
{
	int saved_errno = errno;
	char name[PATH_MAX];

	if (!path || *path == '/')
		return path ? path : "";
	find_path_of(folder, name, sizeof(name));
	(void)snprintf(buffer->text, sizeof(buffer->text), "%s/%s", name, path);
	errno = saved_errno;
	return buffer->text;
}

bool point_pass_at(const char *function, int folder, const char *path)
{
	struct absolute_path buffer;

	return point_pass(function, point_absolute(folder, path, &buffer), NULL);
}
