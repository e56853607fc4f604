#include "tests/crash/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct settings the_settings;
static _Atomic uint64_t own_counter;
static atomic_bool is_loaded;

static _Noreturn void refuse(const char *name, const char *value)
{
	char text[PATH_MAX + 64];
	int length = snprintf(text, sizeof(text), "libcrash: %s=%s: %s\n", name, value,
	    errno ? strerror(errno) : "not understood");

	syscall(SYS_write, STDERR_FILENO, text, (size_t)length);
	_exit(125);
}

static void copy_setting(const char *name, char *text, size_t size)
{
	const char *value = getenv(name);

	if (!value)
		return;
	if (strlen(value) >= size)
		refuse(name, "(too long)");
	memcpy(text, value, strlen(value) + 1);
}

static void load_counter(struct settings *settings)
{
	const char *path = getenv("CRASH_COUNTER");
	void *shared = MAP_FAILED;
	int fd;

	settings->counter = &own_counter;
	if (!path)
		return;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && syscall(SYS_ftruncate, fd, sizeof(own_counter)) == 0)
		shared = mmap(NULL, sizeof(own_counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		refuse("CRASH_COUNTER", path);
	syscall(SYS_close, fd);
	settings->counter = shared;
}

/* `17` or `17+` */
static void load_at(struct settings *settings)
{
	const char *value = getenv("CRASH_AT");
	char *end;

	if (!value)
		return;
	if (*value < '1' || *value > '9')
		refuse("CRASH_AT", value);
	settings->first = strtoull(value, &end, 10);
	settings->last = strcmp(end, "+") == 0 ? UINT64_MAX : settings->first;
	if (*end != '\0' && strcmp(end, "+") != 0)
		refuse("CRASH_AT", value);
}

static void load_error(struct settings *settings)
{
	static const struct {
		const char *name;
		int number;
	} errors[] = {
		{ "ENOSPC", ENOSPC },
		{ "EROFS", EROFS },
		{ "EIO", EIO },
		{ "EACCES", EACCES },
		{ "EDQUOT", EDQUOT },
		{ "ECONNREFUSED", ECONNREFUSED },
	};
	const char *value = getenv("CRASH_ERRNO");

	if (!value)
		return;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(value, errors[i].name) == 0)
			settings->error = errors[i].number;
	}
	if (settings->error == 0)
		refuse("CRASH_ERRNO", value);
}

static void load_only(struct settings *settings)
{
	const char *value = getenv("CRASH_ONLY");

	if (!value || *value == '\0')
		return;
	if (strlen(value) + 3 > sizeof(settings->only))
		refuse("CRASH_ONLY", "(too long)");
	(void)snprintf(settings->only, sizeof(settings->only), ",%s,", value);
	for (char *cursor = settings->only; *cursor; cursor++) {
		if (*cursor == ' ')
			*cursor = ',';
	}
}

/*
 * Early, while the process is alone and its environment is as it was given.
 * Other libraries may write something earlier still: settings_get() sees to that.
 */
__attribute__((constructor)) static void load(void)
{
	const char *group = getenv("CRASH_WHOLE_GROUP");
	int saved_errno = errno;

	if (atomic_exchange(&is_loaded, true))
		return;
	errno = 0;
	copy_setting("CRASH_LOG", the_settings.log, sizeof(the_settings.log));
	copy_setting("CRASH_MATCH", the_settings.match, sizeof(the_settings.match));
	load_only(&the_settings);
	load_at(&the_settings);
	load_error(&the_settings);
	load_counter(&the_settings);
	the_settings.whole_group = group && strcmp(group, "1") == 0;
	errno = saved_errno;
}

const struct settings *settings_get(void)
{
	if (!atomic_load(&is_loaded))
		load();
	return &the_settings;
}
