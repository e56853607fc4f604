#include "base/file.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/here.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * Writing with base/file. Its system calls come through here: they are written down, and one of
 * them can be made to fail. Reading is in file_read_test.c, folders and removal in
 * folder_test.c.
 */
static struct {
	char log[1024];
	int count;
	int fail_at; /* counted from 1; 0 is never */
	int fail_with;
	bool one_byte; /* writes move one byte at a time */
} calls;

/* Instead of an errno: the process ends just before the call. */
#define KILLED (-1)

static bool call_fails(const char *name)
{
	size_t length = strlen(calls.log);

	text_format(
	    calls.log + length, sizeof(calls.log) - length, "%s%s", length ? " " : "", name);
	if (++calls.count != calls.fail_at)
		return false;
	if (calls.fail_with == KILLED)
		_exit(0);
	errno = calls.fail_with;
	return true;
}

static void watch_calls(int fail_at, int fail_with)
{
	calls.log[0] = '\0';
	calls.count = 0;
	calls.fail_at = fail_at;
	calls.fail_with = fail_with;
	calls.one_byte = false;
}

#define WRAP(name, declared, passed)                                                               \
	int __real_##name declared;                                                                \
	int __wrap_##name declared;                                                                \
	int __wrap_##name declared                                                                 \
	{                                                                                          \
		return call_fails(#name) ? -1 : __real_##name passed;                              \
	}

WRAP(fchmod, (int file, mode_t mode), (file, mode))
WRAP(fsync, (int file), (file))
WRAP(renameat, (int from, const char *old, int to, const char *name), (from, old, to, name))
WRAP(symlinkat, (const char *target, int folder, const char *name), (target, folder, name))
WRAP(unlinkat, (int folder, const char *name, int flags), (folder, name, flags))

int __real_openat(int folder, const char *name, int flags, ...);
int __wrap_openat(int folder, const char *name, int flags, ...);
int __wrap_openat(int folder, const char *name, int flags, ...)
{
	va_list arguments;
	mode_t mode = 0;

	va_start(arguments, flags);
	if (flags & O_CREAT)
		mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return call_fails("openat") ? -1 : __real_openat(folder, name, flags, mode);
}

ssize_t __real_write(int file, const void *bytes, size_t size);
ssize_t __wrap_write(int file, const void *bytes, size_t size);
ssize_t __wrap_write(int file, const void *bytes, size_t size)
{
	return call_fails("write") ? -1 : __real_write(file, bytes, calls.one_byte ? 1 : size);
}

static int enter_folder(void **state)
{
	watch_calls(0, 0);
	return here_enter(state);
}

static int leave_folder(void **state)
{
	watch_calls(0, 0);
	return here_leave(state);
}

static bool replace(const char *content, struct error *error)
{
	return file_replace(here, "file", content, strlen(content), 0640, "/s/file", error);
}

static bool write_new(const char *content, struct error *error)
{
	return file_write_new(here, "file", content, strlen(content), 0640, "/s/file", error);
}

static bool point_to(const char *target, struct error *error)
{
	return file_symlink(here, target, "file", "/s/file", error);
}

static void put(const char *name, const char *content)
{
	here_put(name, content, strlen(content));
}

static void assert_content(const char *name, const char *expected)
{
	scoped(FILE) FILE *file = fopen(name, "re");
	char content[256];
	size_t length;

	assert_non_null(file);
	length = fread(content, 1, sizeof(content) - 1, file);
	content[length] = '\0';
	assert_string_equal(content, expected);
}

static void assert_target(const char *expected)
{
	char target[64] = "";

	assert_true(readlink("file", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, expected);
}

static void assert_absent(const char *name)
{
	assert_int_equal(faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW), -1);
}

static mode_t mode_of(const char *name)
{
	struct stat status;

	assert_int_equal(stat(name, &status), 0);
	return status.st_mode & 07777;
}

static void a_file_is_on_disk_before_its_name_and_its_name_before_success(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(replace("new", &error), &error);
	assert_string_equal(calls.log, "openat fchmod write fsync renameat fsync");
	assert_content("file", "new");
	assert_absent("file.tmp");

	watch_calls(0, 0);
	assert_ok(point_to("generations/1", &error), &error);
	assert_string_equal(calls.log, "symlinkat renameat fsync");
	assert_target("generations/1");
	assert_absent("file.tmp");
}

static void the_mode_is_exact_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(masks); i++) {
		mode_t before = umask(masks[i]);

		assert_ok(replace("new", &error), &error);
		assert_int_equal(mode_of("file"), 0640);
		assert_int_equal(unlink("file"), 0);
		assert_ok(write_new("new", &error), &error);
		assert_int_equal(mode_of("file"), 0640);
		umask(before);
	}
}

static void an_empty_and_a_binary_file_can_be_written(void **state)
{
	struct error error = ERROR_INIT;
	struct stat status;

	(void)state;
	assert_ok(file_replace(here, "file", NULL, 0, 0600, "/s/file", &error), &error);
	assert_content("file", "");
	assert_ok(file_replace(here, "file", "a\0b", 3, 0600, "/s/file", &error), &error);
	assert_int_equal(stat("file", &status), 0);
	assert_int_equal(status.st_size, 3);
}

static void what_is_in_the_way_is_replaced_and_never_written_into(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	put("other", "precious");
	assert_int_equal(link("other", "file.tmp"), 0);
	assert_ok(replace("new", &error), &error);
	assert_content("file", "new");
	assert_content("other", "precious");

	assert_int_equal(symlink("other", "file.tmp"), 0);
	assert_ok(replace("newer", &error), &error);
	assert_content("file", "newer");
	assert_content("other", "precious");

	assert_int_equal(unlink("file"), 0);
	assert_int_equal(symlink("other", "file"), 0);
	assert_ok(replace("newest", &error), &error);
	assert_content("file", "newest");
	assert_content("other", "precious");

	assert_int_equal(symlink("elsewhere", "file.tmp"), 0);
	assert_ok(point_to("generations/2", &error), &error);
	assert_target("generations/2");
	assert_int_equal(unlink("other"), 0);
}

static void a_failure_before_the_rename_leaves_the_old_file_and_nothing_else(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	put("file", "old");
	for (int call = 1; call <= 5; call++) {
		watch_calls(call, ENOSPC);
		assert_refused(replace("new", &error), &error, ERROR_STATE);
		assert_non_null(strstr(error.message, "/s/file: No space left on device"));
		assert_content("file", "old");
		assert_absent("file.tmp");
	}
	watch_calls(6, EIO); /* the folder: the new file is there, perhaps not for long */
	assert_refused(replace("new", &error), &error, ERROR_STATE);
	assert_content("file", "new");
}

static void a_failure_leaves_the_old_symlink_and_nothing_else(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(point_to("old", &error), &error);
	for (int call = 1; call <= 2; call++) {
		watch_calls(call, EROFS);
		assert_refused(point_to("new", &error), &error, ERROR_PERMISSION);
		assert_string_equal(error.message, "cannot replace /s/file: Read-only file system");
		assert_target("old");
		assert_absent("file.tmp");
	}
	watch_calls(3, EIO);
	assert_refused(point_to("new", &error), &error, ERROR_STATE);
	assert_target("new");
}

static void a_stale_file_that_cannot_be_removed_is_said(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(mkdir("file.tmp", 0700), 0);
	assert_refused(replace("new", &error), &error, ERROR_STATE);
	assert_string_equal(error.message, "cannot replace /s/file: Is a directory");
	assert_refused(point_to("new", &error), &error, ERROR_STATE);
	assert_int_equal(rmdir("file.tmp"), 0);
}

static void an_interrupted_or_short_write_goes_on(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	watch_calls(3, EINTR);
	assert_ok(replace("new", &error), &error);
	assert_string_equal(calls.log, "openat fchmod write write fsync renameat fsync");
	watch_calls(4, EINTR);
	assert_ok(replace("newer", &error), &error);
	assert_string_equal(calls.log, "openat fchmod write fsync fsync renameat fsync");
	watch_calls(0, 0);
	calls.one_byte = true;
	assert_ok(replace("newest", &error), &error);
	assert_content("file", "newest");
}

/* Whether the change ran to its end although it was to be killed at that call. */
static bool change_killed_at(int call, bool (*change)(const char *, struct error *))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct error error = ERROR_INIT;

		watch_calls(call, KILLED);
		_exit(change("new", &error) ? 1 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status) == 1;
}

static void a_kill_at_any_call_leaves_the_old_file_or_the_new_one(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	for (int call = 1; call <= 7; call++) {
		assert_ok(replace("old", &error), &error);
		assert_int_equal(change_killed_at(call, replace), call == 7);
		assert_content("file", call <= 5 ? "old" : "new");
	}
	for (int call = 1; call <= 4; call++) {
		assert_ok(point_to("old", &error), &error);
		assert_int_equal(change_killed_at(call, point_to), call == 4);
		assert_target(call <= 2 ? "old" : "new");
	}
}

static void a_new_file_is_on_disk_and_never_takes_the_place_of_another(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(write_new("old", &error), &error);
	assert_string_equal(calls.log, "openat fchmod write fsync");
	assert_refused(write_new("new", &error), &error, ERROR_STATE);
	assert_string_equal(error.message, "cannot create /s/file: File exists");
	assert_content("file", "old");
}

static void a_new_file_that_cannot_be_completed_goes_away(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	for (int call = 1; call <= 4; call++) {
		watch_calls(call, ENOSPC);
		assert_refused(write_new("new", &error), &error, ERROR_STATE);
		assert_absent("file");
	}
}

static void a_name_without_room_for_its_ending_is_refused(void **state)
{
	char name[NAME_MAX + 1] = "";
	struct error error = ERROR_INIT;

	(void)state;
	memset(name, 'x', NAME_MAX - 3);
	assert_refused(
	    file_replace(here, name, "", 0, 0600, "/s/x", &error), &error, ERROR_INTERNAL);
	assert_refused(file_symlink(here, "y", name, "/s/x", &error), &error, ERROR_INTERNAL);
	assert_string_equal(calls.log, "");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_file_is_on_disk_before_its_name_and_its_name_before_success),
		IN_FOLDER(the_mode_is_exact_whatever_the_umask),
		IN_FOLDER(an_empty_and_a_binary_file_can_be_written),
		IN_FOLDER(what_is_in_the_way_is_replaced_and_never_written_into),
		IN_FOLDER(a_failure_before_the_rename_leaves_the_old_file_and_nothing_else),
		IN_FOLDER(a_failure_leaves_the_old_symlink_and_nothing_else),
		IN_FOLDER(a_stale_file_that_cannot_be_removed_is_said),
		IN_FOLDER(an_interrupted_or_short_write_goes_on),
		IN_FOLDER(a_kill_at_any_call_leaves_the_old_file_or_the_new_one),
		IN_FOLDER(a_new_file_is_on_disk_and_never_takes_the_place_of_another),
		IN_FOLDER(a_new_file_that_cannot_be_completed_goes_away),
		IN_FOLDER(a_name_without_room_for_its_ending_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
