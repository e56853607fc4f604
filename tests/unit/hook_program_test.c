#include "agent/hooks/hook_program.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/safe_folder.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static char folder[PATH_MAX];

static int set_up(void **state)
{
	(void)state;
	safe_folder_make(folder);
	safe_folder_script(folder, "hook", "#!/bin/sh\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	safe_folder_remove(folder);
	return 0;
}

/* Below the folder, in a buffer of the caller's. */
static const char *in_folder(const char *name, char path[PATH_MAX])
{
	assert_true(text_format(path, PATH_MAX, "%s/%s", folder, name));
	return path;
}

static void make_folder(const char *name, mode_t mode)
{
	char path[PATH_MAX];

	assert_int_equal(mkdir(in_folder(name, path), 0700), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void set_mode(const char *name, mode_t mode)
{
	char path[PATH_MAX];

	assert_int_equal(chmod(in_folder(name, path), mode), 0);
}

static void make_link(const char *target, const char *name)
{
	char path[PATH_MAX];

	assert_int_equal(symlink(target, in_folder(name, path)), 0);
}

/* `name` below the folder, or an absolute path. */
static void assert_safe(const char *name, const char *resolved, bool script)
{
	scoped(hook_program) struct hook_program program = { .file = -1 };
	struct error error = ERROR_INIT;
	char path[PATH_MAX];
	char expected[PATH_MAX];

	if (name[0] != '/')
		name = in_folder(name, path);
	assert_ok(hook_program_open(name, &program, &error), &error);
	assert_true(program.file >= 0);
	assert_int_equal(program.script, script);
	if (resolved)
		assert_string_equal(program.path, in_folder(resolved, expected));
}

static void assert_unsafe(const char *name, const char *culprit, const char *reason)
{
	scoped(hook_program) struct hook_program program = { .file = -1 };
	struct error error = ERROR_INIT;
	char path[PATH_MAX];
	char expected[PATH_MAX];

	if (name[0] != '/')
		name = in_folder(name, path);
	assert_refused(hook_program_open(name, &program, &error), &error, ERROR_CONFIG);
	if (!strstr(error.message, in_folder(culprit, expected)) || !strstr(error.message, reason))
		fail_msg("%s", error.message);
	assert_int_equal(program.file, -1);
}

static void a_script_and_a_binary_of_the_systems_are_taken(void **state)
{
	(void)state;
	assert_safe("hook", "hook", true);
	assert_safe("/bin/true", NULL, false);
	assert_safe("/usr/bin/env", NULL, false);
}

static void symlinks_are_followed_to_the_file_itself(void **state)
{
	char path[PATH_MAX];

	(void)state;
	make_folder("a", 0755);
	make_folder("a/b", 0755);
	safe_folder_script(folder, "a/b/deep", "#!/bin/sh\n");
	make_link("a/b/deep", "relative");
	make_link(in_folder("a/b/deep", path), "absolute");
	make_link("../../hook", "a/b/up");
	make_link("a/b", "middle");
	make_link("relative", "twice");
	assert_safe("relative", "a/b/deep", true);
	assert_safe("absolute", "a/b/deep", true);
	assert_safe("a/b/up", "hook", true);
	assert_safe("middle/up", "hook", true);
	assert_safe("twice", "a/b/deep", true);
	assert_safe("a//b/./../b/deep", "a/b/deep", true);
}

static void a_program_that_others_may_write_to_is_refused(void **state)
{
	(void)state;
	set_mode("hook", 0775);
	assert_unsafe("hook", "hook", "mode 0775");
	set_mode("hook", 0757);
	assert_unsafe("hook", "hook", "mode 0757");
	set_mode("hook", 0755);
	assert_safe("hook", "hook", true);
}

static void so_is_one_below_a_folder_that_others_may_write_to(void **state)
{
	static const mode_t modes[] = { 0775, 0757, 01777, 02775 };

	(void)state;
	make_folder("open", 0755);
	make_folder("open/inside", 0755);
	safe_folder_script(folder, "open/inside/hook", "#!/bin/sh\n");
	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		set_mode("open", modes[i]);
		assert_unsafe("open/inside/hook", "open", "the folder");
	}
	set_mode("open", 0755);
	assert_safe("open/inside/hook", "open/inside/hook", true);
}

/* Also when the folder is only passed through: whoever may write to it can put another link there. */
static void so_is_a_symlink_in_or_through_such_a_folder(void **state)
{
	(void)state;
	make_folder("open", 0777);
	make_link("../hook", "open/link");
	make_link("open/link", "outer");
	make_link("open/../hook", "through");
	assert_unsafe("open/link", "open", "may write to the folder");
	assert_unsafe("outer", "open", "may write to the folder");
	assert_unsafe("through", "open", "may write to the folder");
}

static void what_is_no_program_is_refused_with_the_reason(void **state)
{
	char path[PATH_MAX];

	(void)state;
	make_folder("empty", 0755);
	make_link("loop", "loop");
	make_link("absent", "dangling");
	assert_int_equal(mkfifo(in_folder("fifo", path), 0700), 0);
	assert_unsafe("absent", "absent", "No such file");
	assert_unsafe("dangling", "absent", "No such file");
	assert_unsafe("empty", "empty", "is a folder");
	assert_unsafe("hook/more", "hook", "Not a directory");
	assert_unsafe("loop", "loop", "Too many levels");
	assert_unsafe("fifo", "fifo", "is not a program");
	set_mode("hook", 0644);
	assert_unsafe("hook", "hook", "chmod +x");
}

static void an_interpreter_is_checked_as_the_script_is(void **state)
{
	char text[PATH_MAX + 64];
	char path[PATH_MAX];

	(void)state;
	make_folder("open", 0755);
	safe_folder_script(folder, "open/interpreter", "#!/bin/sh\n");
	(void)text_format(text, sizeof(text), "#! %s -x\n", in_folder("open/interpreter", path));
	safe_folder_script(folder, "script", text);
	assert_safe("script", "script", true);
	set_mode("open", 0777);
	assert_unsafe("script", "open", "the interpreter of");
	safe_folder_script(folder, "script", "#!/nonexistent/sh\n");
	assert_unsafe("script", "script", "/nonexistent");
	safe_folder_script(folder, "script", "#!sh\n");
	assert_unsafe("script", "script", "no absolute path");
}

static void an_interpreter_that_is_its_own_is_refused(void **state)
{
	char text[PATH_MAX + 64];
	char path[PATH_MAX];

	(void)state;
	(void)text_format(text, sizeof(text), "#!%s\n", in_folder("script", path));
	safe_folder_script(folder, "script", text);
	assert_unsafe("script", "script", "Too many levels");
}

static void what_belongs_to_another_user_is_refused(void **state)
{
	char path[PATH_MAX];

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root gives something away */
	assert_int_equal(chown(in_folder("hook", path), 12345, 0), 0);
	assert_unsafe("hook", "hook", "12345");
	make_folder("theirs", 0755);
	safe_folder_script(folder, "theirs/hook", "#!/bin/sh\n");
	assert_int_equal(chown(in_folder("theirs", path), 12345, 0), 0);
	assert_unsafe("theirs/hook", "theirs", "12345");
	make_link("/bin/true", "link");
	assert_int_equal(lchown(in_folder("link", path), 12345, 0), 0);
	assert_unsafe("link", "link", "12345");
}

static void the_folder_of_all_temporary_files_is_none_for_hooks(void **state)
{
	scoped(hook_program) struct hook_program program = { .file = -1 };
	char name[] = "/tmp/hook-XXXXXX";
	scoped(fd) int file = mkstemp(name);
	struct error error = ERROR_INIT;

	(void)state;
	assert_true(file >= 0);
	assert_refused(hook_program_open(name, &program, &error), &error, ERROR_CONFIG);
	assert_non_null(strstr(error.message, "the folder /tmp (mode 1777)"));
	assert_int_equal(unlink(name), 0);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(a_script_and_a_binary_of_the_systems_are_taken),
		IN_A_FOLDER(symlinks_are_followed_to_the_file_itself),
		IN_A_FOLDER(a_program_that_others_may_write_to_is_refused),
		IN_A_FOLDER(so_is_one_below_a_folder_that_others_may_write_to),
		IN_A_FOLDER(so_is_a_symlink_in_or_through_such_a_folder),
		IN_A_FOLDER(what_is_no_program_is_refused_with_the_reason),
		IN_A_FOLDER(an_interpreter_is_checked_as_the_script_is),
		IN_A_FOLDER(an_interpreter_that_is_its_own_is_refused),
		IN_A_FOLDER(what_belongs_to_another_user_is_refused),
		IN_A_FOLDER(the_folder_of_all_temporary_files_is_none_for_hooks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
