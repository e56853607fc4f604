/*
 * Folders and removal, with base/file. Writing is in file_test.c, reading in file_read_test.c.
 */
#include "base/file.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/here.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int __real_fsync(int file);
int __wrap_fsync(int file);

static int syncs;
static int sync_error;

int __wrap_fsync(int file)
{
	syncs++;
	errno = sync_error;
	return sync_error ? -1 : __real_fsync(file);
}

static int enter_folder(void **state)
{
	syncs = 0;
	sync_error = 0;
	return here_enter(state);
}

static bool make_here(int *ret_folder, struct error *error)
{
	return folder_make(here, "folder", 0755, "/s/folder", ret_folder, error);
}

static bool remove_here(struct error *error)
{
	return folder_remove(here, "folder", "/s/folder", error);
}

static void every_errno_has_a_kind(void **state)
{
	static const int permission[] = { EACCES, EPERM, EROFS, ELOOP };
	static const int passing[] = { ENOSPC, EIO, EDQUOT, EMFILE, ENFILE, ENOENT, ESTALE,
		EISDIR };
	static const int bugs[] = { EINVAL, EBADF, EFAULT, ENOMEM, ENAMETOOLONG };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(permission); i++)
		assert_int_equal(file_error_kind(permission[i]), ERROR_PERMISSION);
	for (size_t i = 0; i < ARRAY_LENGTH(passing); i++)
		assert_int_equal(file_error_kind(passing[i]), ERROR_STATE);
	for (size_t i = 0; i < ARRAY_LENGTH(bugs); i++)
		assert_int_equal(file_error_kind(bugs[i]), ERROR_INTERNAL);
}

static void too_many_open_files_come_with_the_cure(void **state)
{
	(void)state;
	assert_non_null(strstr(file_error_reason(EMFILE), "raise the limit (LimitNOFILE="));
	assert_non_null(strstr(file_error_reason(ENFILE), "raise the limit (sysctl"));
	assert_string_equal(file_error_reason(EACCES), strerror(EACCES));
}

static void a_folder_is_opened_through_a_symlink_and_not_inherited(void **state)
{
	scoped(fd) int folder = -1;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(symlink("folder", "file"), 0);
	assert_ok(folder_open("file", &folder, &error), &error);
	assert_int_equal(fcntl(folder, F_GETFD), FD_CLOEXEC);
	close(take_fd(&folder));
}

static void what_is_no_folder_is_not_opened(void **state)
{
	struct error error = ERROR_INIT;
	int folder = -1;

	(void)state;
	assert_refused(folder_open("folder", &folder, &error), &error, ERROR_STATE);
	assert_string_equal(
	    error.message, "cannot open the folder folder: No such file or directory");
	here_put("file", "", 0);
	assert_refused(folder_open("file", &folder, &error), &error, ERROR_STATE);
	assert_int_equal(folder, -1);
}

static void a_folder_is_made_with_its_mode_and_durably(void **state)
{
	scoped(fd) int folder = -1;
	struct error error = ERROR_INIT;
	struct stat status;
	mode_t before = umask(0777);

	(void)state;
	assert_ok(make_here(&folder, &error), &error);
	umask(before);
	assert_int_equal(fstat(folder, &status), 0);
	assert_int_equal(status.st_mode, S_IFDIR | 0755);
	assert_int_equal(fcntl(folder, F_GETFD), FD_CLOEXEC);
	assert_int_equal(syncs, 1);
	close(take_fd(&folder));
}

static void a_folder_that_is_there_keeps_its_mode(void **state)
{
	scoped(fd) int folder = -1;
	struct error error = ERROR_INIT;
	struct stat status;

	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_ok(make_here(&folder, &error), &error);
	assert_int_equal(fstat(folder, &status), 0);
	assert_int_equal(status.st_mode, S_IFDIR | 0700);
	assert_int_equal(syncs, 0);
	close(take_fd(&folder));
}

static void a_folder_that_cannot_be_made_is_said(void **state)
{
	struct error error = ERROR_INIT;
	int folder = -1;

	(void)state;
	here_put("folder", "", 0);
	assert_refused(make_here(&folder, &error), &error, ERROR_PERMISSION);
	assert_string_equal(
	    error.message, "/s/folder is not a folder: put a folder in its place, or remove it");
	assert_int_equal(unlink("folder"), 0);
	assert_int_equal(symlink("/", "folder"), 0);
	assert_refused(make_here(&folder, &error), &error, ERROR_PERMISSION);
	assert_non_null(strstr(error.message, "/s/folder is a symlink, which is not followed"));
	assert_int_equal(unlink("folder"), 0);
	assert_refused(folder_make(here, "no/folder", 0755, "/s/no/folder", &folder, &error),
	    &error, ERROR_STATE);
	sync_error = EIO;
	assert_refused(make_here(&folder, &error), &error, ERROR_STATE);
	assert_int_equal(folder, -1);
}

static void a_sync_that_fails_is_said(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(folder_sync(here, "/s", &error), &error);
	sync_error = EIO;
	assert_refused(folder_sync(here, "/s", &error), &error, ERROR_STATE);
	assert_string_equal(error.message, "cannot sync /s: Input/output error");
}

static void a_file_is_removed_durably_and_may_be_gone(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	here_put("file", "", 0);
	assert_ok(file_remove(here, "file", "/s/file", &error), &error);
	assert_int_equal(access("file", F_OK), -1);
	assert_int_equal(syncs, 1);
	assert_ok(file_remove(here, "file", "/s/file", &error), &error);
	assert_int_equal(syncs, 1);
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_refused(file_remove(here, "folder", "/s/file", &error), &error, ERROR_STATE);
	assert_string_equal(error.message, "cannot remove /s/file: Is a directory");
}

static void a_folder_is_removed_with_its_files(void **state)
{
	struct error error = ERROR_INIT;
	char name[32];

	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	for (int i = 0; i < 500; i++) {
		assert_true(text_format(name, sizeof(name), "folder/.file%d", i));
		here_put(name, "", 0);
	}
	assert_int_equal(symlink("/nowhere", "folder/link"), 0);
	assert_ok(remove_here(&error), &error);
	assert_int_equal(access("folder", F_OK), -1);
	assert_int_equal(syncs, 1);
	assert_ok(remove_here(&error), &error);
}

static void a_folder_that_holds_folders_stays(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(mkdir("folder/inner", 0700), 0);
	assert_refused(remove_here(&error), &error, ERROR_STATE);
	assert_int_equal(rmdir("folder/inner"), 0);
}

static void what_is_no_folder_is_not_removed_and_a_symlink_not_followed(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(mkdir("other", 0700), 0);
	here_put("other/a", "", 0);
	assert_int_equal(symlink("other", "folder"), 0);
	assert_refused(remove_here(&error), &error, ERROR_STATE);
	assert_int_equal(unlink("folder"), 0);
	assert_int_equal(unlink("other/a"), 0);
	assert_int_equal(rmdir("other"), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, here_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_errno_has_a_kind),
		cmocka_unit_test(too_many_open_files_come_with_the_cure),
		IN_FOLDER(a_folder_is_opened_through_a_symlink_and_not_inherited),
		IN_FOLDER(what_is_no_folder_is_not_opened),
		IN_FOLDER(a_folder_is_made_with_its_mode_and_durably),
		IN_FOLDER(a_folder_that_is_there_keeps_its_mode),
		IN_FOLDER(a_folder_that_cannot_be_made_is_said),
		IN_FOLDER(a_sync_that_fails_is_said),
		IN_FOLDER(a_file_is_removed_durably_and_may_be_gone),
		IN_FOLDER(a_folder_is_removed_with_its_files),
		IN_FOLDER(a_folder_that_holds_folders_stays),
		IN_FOLDER(what_is_no_folder_is_not_removed_and_a_symlink_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
