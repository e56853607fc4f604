#include "agent/state/lock.h"

#include "agent/state/store.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct store *store;

/* A process that holds the lock until it is ended; it says when it has it. */
static pid_t start_holder(void)
{
	int ready[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct error error = ERROR_INIT;
		bool waited;
		int lock;

		if (!lock_take(store, 0, &lock, &waited, &error) || write(ready[1], "x", 1) != 1)
			_exit(1);
		while (true)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

static void end_holder(pid_t holder)
{
	assert_int_equal(kill(holder, SIGKILL), 0);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
}

static void a_free_lock_is_taken_at_once_and_names_its_holder(void **state)
{
	struct error error = ERROR_INIT;
	scoped(char) char *text = NULL;
	char expected[32];
	bool waited = true;
	scoped(fd) int lock = -1;

	(void)state;
	state_folder_write("orders/lock", "an older and longer text of another holder than this\n");
	assert_ok(lock_take(store, 0, &lock, &waited, &error), &error);
	assert_false(waited);
	assert_int_equal(fcntl(lock, F_GETFD), FD_CLOEXEC);
	text = state_folder_read("orders/lock");
	assert_true(text_format(expected, sizeof(expected), "%ld 20", (long)getpid()));
	assert_true(text_starts_with(text, expected));
	assert_string_equal(text + strlen(text) - 2, "Z\n");
}

static void a_new_lock_file_is_not_for_others(void **state)
{
	struct error error = ERROR_INIT;
	scoped(fd) int lock = -1;
	bool waited;

	(void)state;
	assert_ok(lock_take(store, 0, &lock, &waited, &error), &error);
	assert_int_equal(state_folder_mode("orders/lock"), 0600);
}

static void a_held_lock_is_busy_after_the_wait_and_names_pid_and_start(void **state)
{
	struct error error = ERROR_INIT;
	int64_t start = clock_milliseconds();
	pid_t holder = start_holder();
	char pid[32];
	bool waited;
	int lock = -5;

	(void)state;
	assert_refused(lock_take(store, 1, &lock, &waited, &error), &error, ERROR_BUSY);
	assert_true(clock_milliseconds() - start >= 1000);
	assert_true(clock_milliseconds() - start < 10000);
	assert_int_equal(lock, -5);
	assert_true(waited);
	assert_true(text_format(pid, sizeof(pid), "pid %ld,", (long)holder));
	assert_non_null(strstr(error.message, pid));
	assert_non_null(strstr(error.message, "since 20"));
	end_holder(holder);
}

static void a_held_lock_is_busy_at_once_when_nobody_wants_to_wait(void **state)
{
	struct error error = ERROR_INIT;
	pid_t holder = start_holder();
	int64_t start = clock_milliseconds();
	bool waited;
	int lock;

	(void)state;
	assert_refused(lock_take(store, 0, &lock, &waited, &error), &error, ERROR_BUSY);
	assert_true(clock_milliseconds() - start < 900);
	end_holder(holder);
}

static void a_holder_that_has_not_said_who_it_is_is_busy_too(void **state)
{
	static const char *const texts[] = { "", "\n", "123", "123 ", " 2026\n" };
	pid_t holder = start_holder();

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct error error = ERROR_INIT;
		bool waited;
		int lock;

		state_folder_write("orders/lock", texts[i]);
		assert_refused(lock_take(store, 0, &lock, &waited, &error), &error, ERROR_BUSY);
		assert_non_null(strstr(error.message, "has just taken"));
	}
	end_holder(holder);
}

static void a_killed_holder_leaves_the_lock_free(void **state)
{
	struct error error = ERROR_INIT;
	scoped(fd) int lock = -1;
	bool waited;

	(void)state;
	end_holder(start_holder());
	assert_ok(lock_take(store, 0, &lock, &waited, &error), &error);
	assert_false(waited);
}

static void the_lock_is_held_until_the_last_that_inherited_it_is_gone(void **state)
{
	struct error error = ERROR_INIT;
	int lock = -1;
	int again = -1;
	bool waited;
	pid_t heir;

	(void)state;
	assert_ok(lock_take(store, 0, &lock, &waited, &error), &error);
	heir = fork();
	if (heir == 0)
		while (true)
			pause();
	close(lock);
	assert_refused(lock_take(store, 0, &again, &waited, &error), &error, ERROR_BUSY);
	end_holder(heir);
	assert_ok(lock_take(store, 0, &again, &waited, &error), &error);
	close(again);
}

#define MANY 20

/* Each adds one to a number that nothing but the lock protects. */
static void count_up(void)
{
	struct error error = ERROR_INIT;
	scoped(char) char *text = NULL;
	uint64_t number;
	char next[16];
	bool waited;
	int lock;

	if (!lock_take(store, 60, &lock, &waited, &error))
		_exit(1);
	text = state_folder_read("number");
	if (!text_parse_number(text, 0, MANY, &number))
		_exit(1);
	usleep(1000);
	text_format(next, sizeof(next), "%" PRIu64, number + 1);
	state_folder_write("number", next);
	_exit(0);
}

static void twenty_at_once_come_one_after_the_other(void **state)
{
	scoped(char) char *text = NULL;

	(void)state;
	state_folder_write("number", "0");
	for (int i = 0; i < MANY; i++)
		if (fork() == 0)
			count_up();
	for (int i = 0; i < MANY; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	text = state_folder_read("number");
	assert_string_equal(text, "20");
}

static void a_symlink_in_the_place_of_the_lock_is_refused(void **state)
{
	struct error error = ERROR_INIT;
	bool waited;
	int lock;

	(void)state;
	assert_int_equal(symlinkat("elsewhere", store_folder(store), "lock"), 0);
	assert_refused(lock_take(store, 0, &lock, &waited, &error), &error, ERROR_PERMISSION);
	assert_false(state_folder_has("orders/elsewhere"));
}

/* Root opens every file: the test needs somebody else. */
static void a_lock_of_another_user_says_as_whom_to_run(void **state)
{
	static const char said[] =
	    "/lock: Permission denied; it belongs to the user with the id 0, "
	    "but this runs as 12345: run it as that user";
	pid_t child;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	state_folder_write("orders/lock", "");
	assert_int_equal(fchmodat(store_folder(store), "lock", 0600, 0), 0);
	child = fork();
	if (child == 0) {
		struct error error = ERROR_INIT;
		bool waited;
		int lock;

		if (setresuid(12345, 12345, 12345) != 0
		    || lock_take(store, 0, &lock, &waited, &error))
			_exit(1);
		_exit(error.kind == ERROR_PERMISSION && strstr(error.message, said) ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_look_names_the_holder_and_leaves_nothing_behind(void **state)
{
	struct error error = ERROR_INIT;
	char expected[32];
	pid_t holder;

	(void)state;
	assert_ok(lock_look(store, &error), &error);
	assert_false(state_folder_has("orders/lock"));
	holder = start_holder();
	text_format(expected, sizeof(expected), "pid %ld", (long)holder);
	assert_refused(lock_look(store, &error), &error, ERROR_BUSY);
	assert_non_null(strstr(error.message, expected));
	end_holder(holder);
	assert_ok(lock_look(store, &error), &error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_STORE(a_free_lock_is_taken_at_once_and_names_its_holder),
		WITH_A_STORE(a_new_lock_file_is_not_for_others),
		WITH_A_STORE(a_held_lock_is_busy_after_the_wait_and_names_pid_and_start),
		WITH_A_STORE(a_held_lock_is_busy_at_once_when_nobody_wants_to_wait),
		WITH_A_STORE(a_holder_that_has_not_said_who_it_is_is_busy_too),
		WITH_A_STORE(a_killed_holder_leaves_the_lock_free),
		WITH_A_STORE(the_lock_is_held_until_the_last_that_inherited_it_is_gone),
		WITH_A_STORE(twenty_at_once_come_one_after_the_other),
		WITH_A_STORE(a_symlink_in_the_place_of_the_lock_is_refused),
		WITH_A_STORE(a_lock_of_another_user_says_as_whom_to_run),
		WITH_A_STORE(a_look_names_the_holder_and_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
