/*
 * Reading with base/file.
 */
#include "base/file.h"

#include "base/compiler.h"
#include "base/scoped.h"
#include "tests/unit/here.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

/* Given one byte at a time, as a slow disk may. */
ssize_t __real_read(int file, void *bytes, size_t size);
ssize_t __wrap_read(int file, void *bytes, size_t size);

static bool slow;
static int interrupted;

ssize_t __wrap_read(int file, void *bytes, size_t size)
{
	if (interrupted > 0) {
		interrupted--;
		errno = EINTR;
		return -1;
	}
	return __real_read(file, bytes, slow ? 1 : size);
}

static int enter_folder(void **state)
{
	slow = false;
	interrupted = 0;
	return here_enter(state);
}

static bool read_here(size_t limit, char **ret_bytes, size_t *ret_length, struct error *error)
{
	return file_read(here, "file", limit, "/s/file", ret_bytes, ret_length, error);
}

static void a_file_of_any_length_is_read_whole_with_a_nul_after_it(void **state)
{
	static const size_t lengths[] = { 0, 1, 4095, 4096, 4097, 8192, 8193, 100000 };
	static char content[100000];
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (char)(i * 7);
	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
		scoped(char) char *bytes = NULL;
		size_t length = 4711;

		here_put("file", content, lengths[i]);
		assert_ok(read_here(sizeof(content), &bytes, &length, &error), &error);
		assert_int_equal(length, lengths[i]);
		assert_memory_equal(bytes, content, length);
		assert_int_equal(bytes[length], 0);
	}
}

static void a_file_may_have_exactly_the_limit(void **state)
{
	static const size_t limits[] = { 0, 1, 100, 4095, 4096, 4097 };
	static const char content[5000];
	struct error error = ERROR_INIT;
	char *untouched = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
		scoped(char) char *bytes = NULL;
		size_t length;

		here_put("file", content, limits[i]);
		assert_ok(read_here(limits[i], &bytes, &length, &error), &error);
		assert_int_equal(length, limits[i]);
		here_put("file", content, limits[i] + 1);
		assert_refused(
		    read_here(limits[i], &untouched, &length, &error), &error, ERROR_STATE);
		assert_null(untouched);
	}
	assert_string_equal(error.message, "/s/file is longer than 4097 bytes");
}

static void an_interrupted_or_slow_read_goes_on(void **state)
{
	scoped(char) char *bytes = NULL;
	struct error error = ERROR_INIT;
	size_t length;

	(void)state;
	slow = true;
	interrupted = 2;
	here_put("file", "content", 7);
	assert_ok(read_here(7, &bytes, &length, &error), &error);
	assert_string_equal(bytes, "content");
}

static void an_absent_file_is_no_error(void **state)
{
	char *bytes = (char *)"x";
	struct error error = ERROR_INIT;
	size_t length = 1;

	(void)state;
	assert_ok(read_here(100, &bytes, &length, &error), &error);
	assert_null(bytes);
	assert_int_equal(length, 0);
}

static void what_is_not_a_regular_file_is_refused_without_waiting(void **state)
{
	struct error error = ERROR_INIT;
	char *bytes = NULL;
	size_t length;

	(void)state;
	here_put("other", "x", 1);
	assert_int_equal(symlink("other", "file"), 0);
	assert_refused(read_here(100, &bytes, &length, &error), &error, ERROR_PERMISSION);
	assert_int_equal(unlink("other"), 0);
	assert_int_equal(unlink("file"), 0);

	assert_int_equal(mkfifo("file", 0600), 0);
	alarm(10);
	assert_refused(read_here(100, &bytes, &length, &error), &error, ERROR_PERMISSION);
	alarm(0);
	assert_string_equal(error.message, "/s/file is not a regular file");
	assert_int_equal(unlink("file"), 0);

	assert_int_equal(mkdir("file", 0700), 0);
	assert_refused(read_here(100, &bytes, &length, &error), &error, ERROR_PERMISSION);
	assert_int_equal(rmdir("file"), 0);
	assert_null(bytes);
}

static void a_pipe_is_read_by_its_descriptor(void **state)
{
	scoped(char) char *bytes = NULL;
	struct error error = ERROR_INIT;
	size_t length;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "token", 5), 5);
	close(ends[1]);
	assert_ok(file_read_descriptor(ends[0], 100, "stdin", &bytes, &length, &error), &error);
	close(ends[0]);
	assert_string_equal(bytes, "token");
}

static void a_descriptor_that_cannot_be_read_is_said(void **state)
{
	struct error error = ERROR_INIT;
	char *bytes = NULL;
	size_t length;

	(void)state;
	assert_refused(
	    file_read_descriptor(here, 100, "/s", &bytes, &length, &error), &error, ERROR_STATE);
	assert_string_equal(error.message, "cannot read /s: Is a directory");
	assert_null(bytes);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, here_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_file_of_any_length_is_read_whole_with_a_nul_after_it),
		IN_FOLDER(a_file_may_have_exactly_the_limit),
		IN_FOLDER(an_interrupted_or_slow_read_goes_on),
		IN_FOLDER(an_absent_file_is_no_error),
		IN_FOLDER(what_is_not_a_regular_file_is_refused_without_waiting),
		IN_FOLDER(a_pipe_is_read_by_its_descriptor),
		IN_FOLDER(a_descriptor_that_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
