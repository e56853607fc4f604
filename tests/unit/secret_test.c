#include "base/secret.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

int __real_munmap(void *pages, size_t length);
int __wrap_munmap(void *pages, size_t length);

/* Nothing but zeros may go back to the kernel. */
int __wrap_munmap(void *pages, size_t length)
{
	const char *bytes = pages;

	check_expected(length);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(bytes[i], 0);
	return __real_munmap(pages, length);
}

int __real_mlock(const void *pages, size_t length);
int __wrap_mlock(const void *pages, size_t length);

/* What was locked last. The sanitizers make mlock do nothing, so the kernel is not asked. */
static const char *locked;
static size_t locked_length;
static bool may_lock = true;

int __wrap_mlock(const void *pages, size_t length)
{
	locked = pages;
	locked_length = length;
	errno = ENOMEM;
	return may_lock ? __real_mlock(pages, length) : -1;
}

static struct secret *make(void)
{
	struct error error = ERROR_INIT;
	struct secret *secret = NULL;

	assert_ok(secret_new(&secret, &error), &error);
	expect_in_range(__wrap_munmap, length, SECRET_SIZE_MAX + 1, 3 * SECRET_SIZE_MAX);
	return secret;
}

/* A descriptor from which these bytes, `times` over, can be read. */
static int reader(const char *bytes, size_t length, size_t times)
{
	int file = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	while (times-- > 0)
		assert_int_equal(write(file, bytes, length), length);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	return file;
}

static void a_new_secret_is_empty_and_can_be_discarded(void **state)
{
	scoped(secret) struct secret *secret = make();

	(void)state;
	assert_int_equal(secret_length(secret), 0);
	assert_string_equal(secret_bytes(secret), "");
	secret_discard(NULL);
}

static void a_secret_is_wiped_before_its_pages_go(void **state)
{
	scoped(secret) struct secret *secret = make();
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(secret_set(secret, "12345678", 8, &error), &error);
	assert_string_equal(secret_bytes(secret), "12345678");
}

static void what_is_set_replaces_what_was_there(void **state)
{
	scoped(secret) struct secret *secret = make();
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(secret_set(secret, "12345678", 8, &error), &error);
	assert_ok(secret_set(secret, "ab\0c", 4, &error), &error);
	assert_int_equal(secret_length(secret), 4);
	assert_memory_equal(secret_bytes(secret), "ab\0c\0\0\0\0", 8);
	assert_ok(secret_set(secret, NULL, 0, &error), &error);
	assert_memory_equal(secret_bytes(secret), "\0\0\0\0", 4);
}

static void the_longest_secret_fits_and_one_byte_more_is_refused(void **state)
{
	scoped(secret) struct secret *secret = make();
	struct error error = ERROR_INIT;
	char bytes[SECRET_SIZE_MAX + 1];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	assert_ok(secret_set(secret, bytes, SECRET_SIZE_MAX, &error), &error);
	assert_int_equal(strlen(secret_bytes(secret)), SECRET_SIZE_MAX);
	assert_refused(
	    secret_set(secret, bytes, SECRET_SIZE_MAX + 1, &error), &error, ERROR_CONFIG);
}

static void a_secret_is_read_to_the_end_of_the_file(void **state)
{
	scoped(secret) struct secret *secret = make();
	scoped(fd) int short_file = reader("4711\n", 5, 1);
	scoped(fd) int longest_file = reader("0123456789abcdef", 16, SECRET_SIZE_MAX / 16);
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(secret_read(secret, longest_file, "the PIN", &error), &error);
	assert_int_equal(secret_length(secret), SECRET_SIZE_MAX);
	assert_ok(secret_read(secret, short_file, "the PIN", &error), &error);
	assert_int_equal(secret_length(secret), 5);
	assert_memory_equal(secret_bytes(secret), "4711\n\0\0\0", 8);
}

/* A command writes its PIN when it likes. */
static void a_secret_comes_through_a_pipe_in_pieces(void **state)
{
	scoped(secret) struct secret *secret = make();
	struct error error = ERROR_INIT;
	int ends[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		for (const char *at = "4711"; *at; at++) {
			usleep(2000);
			if (write(ends[1], at, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	assert_ok(secret_read(secret, ends[0], "the PIN", &error), &error);
	close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_string_equal(secret_bytes(secret), "4711");
}

static void a_file_that_is_too_long_or_unreadable_leaves_nothing_and_is_named(void **state)
{
	scoped(secret) struct secret *secret = make();
	scoped(fd) int long_file = reader("0123456789abcdef", 16, SECRET_SIZE_MAX / 16 + 1);
	scoped(fd) int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error error = ERROR_INIT;

	(void)state;
	assert_refused(secret_read(secret, long_file, "pin_file /a", &error), &error, ERROR_CONFIG);
	assert_string_equal(error.message, "pin_file /a is longer than 4096 bytes");
	assert_int_equal(secret_length(secret), 0);
	assert_memory_equal(secret_bytes(secret), "\0\0\0\0", 4);

	assert_refused(secret_read(secret, folder, "pin_file /", &error), &error, ERROR_STATE);
	assert_string_equal(error.message, "cannot read pin_file /: Is a directory");
}

static void one_newline_is_trimmed_and_no_more(void **state)
{
	static const struct {
		const char *given;
		const char *left;
	} cases[] = {
		{ "4711", "4711" },
		{ "4711\n", "4711" },
		{ "4711\r\n", "4711" },
		{ "4711\n\n", "4711\n" },
		{ "4711\r\n\r\n", "4711\r\n" },
		{ "4711\r", "4711\r" },
		{ "4711 \n", "4711 " },
		{ "\n4711", "\n4711" },
		{ "\r\n", "" },
		{ "\n", "" },
		{ "", "" },
	};
	scoped(secret) struct secret *secret = make();
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const char *given = cases[i].given;

		assert_ok(secret_set(secret, given, strlen(given), &error), &error);
		secret_trim_newline(secret);
		assert_string_equal(secret_bytes(secret), cases[i].left);
		assert_int_equal(secret_length(secret), strlen(cases[i].left));
	}
}

/* Whether the kernel shows this flag for the mapping that holds `address`. */
static bool mapping_has_flag(const void *address, const char *flag)
{
	scoped(FILE) FILE *maps = fopen("/proc/self/smaps", "re");
	char line[512];
	bool inside = false;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		uintptr_t start;
		uintptr_t end;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2)
			inside = (uintptr_t)address >= start && (uintptr_t)address < end;
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			return strstr(line, flag);
	}
	fail_msg("the mapping is not in smaps");
	return false;
}

static void the_pages_are_locked_and_left_out_of_core_dumps(void **state)
{
	scoped(secret) struct secret *secret = make();
	const char *bytes = secret_bytes(secret);

	(void)state;
	assert_true(locked <= bytes && bytes + SECRET_SIZE_MAX < locked + locked_length);
	assert_true(mapping_has_flag(bytes, " dd"));
}

static void a_process_that_may_lock_nothing_still_has_its_secrets(void **state)
{
	scoped(secret) struct secret *secret = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	may_lock = false;
	secret = make();
	may_lock = true;
	assert_ok(secret_set(secret, "4711", 4, &error), &error);
}

static void a_protected_process_leaves_no_core_and_cannot_be_traced(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		struct error error = ERROR_INIT;
		struct rlimit core = { 1, 1 };
		bool good = secret_protect_process(&error) && prctl(PR_GET_DUMPABLE) == 0
			    && getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0
			    && core.rlim_max == 0;

		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_secret_is_empty_and_can_be_discarded),
		cmocka_unit_test(a_secret_is_wiped_before_its_pages_go),
		cmocka_unit_test(what_is_set_replaces_what_was_there),
		cmocka_unit_test(the_longest_secret_fits_and_one_byte_more_is_refused),
		cmocka_unit_test(a_secret_is_read_to_the_end_of_the_file),
		cmocka_unit_test(a_secret_comes_through_a_pipe_in_pieces),
		cmocka_unit_test(a_file_that_is_too_long_or_unreadable_leaves_nothing_and_is_named),
		cmocka_unit_test(one_newline_is_trimmed_and_no_more),
		cmocka_unit_test(the_pages_are_locked_and_left_out_of_core_dumps),
		cmocka_unit_test(a_process_that_may_lock_nothing_still_has_its_secrets),
		cmocka_unit_test(a_protected_process_leaves_no_core_and_cannot_be_traced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
