#include "agent/hooks/hook_process.h"

#include "agent/policy.h"
#include "base/clock.h"
#include "base/command_line.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/safe_folder.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char folder[PATH_MAX];
static char *const environment[] = { "PATH=/usr/bin:/bin", "RENEWAL_AGENT_EVENT=renewed", NULL };

/* What the hook says, a line each. */
struct heard {
	struct text_buffer text;
};

static void hear(void *context, const char *line)
{
	struct heard *heard = context;

	(void)text_printf(&heard->text, "%s\n", line);
}

static int set_up(void **state)
{
	static struct heard heard;

	heard = (struct heard){ TEXT_BUFFER_INIT(1024 * 1024) };
	safe_folder_make(folder);
	*state = &heard;
	return 0;
}

static int tear_down(void **state)
{
	struct heard *heard = *state;

	text_discard(&heard->text);
	safe_folder_remove(folder);
	return 0;
}

static bool run_command(
    struct heard *heard, const char *text, int64_t timeout, int signals, struct error *error)
{
	scoped(command_line) struct command_line command = { .count = 0 };

	text_discard(&heard->text);
	heard->text.failed = false;
	assert_ok(command_line_parse(text, &command, error), error);
	return hook_process_run(
	    &(struct hook_process){
		.command = &command,
		.environment = environment,
		.input = "{\"event\":\"renewed\"}",
		.timeout = timeout,
		.signals = signals,
		.tell = hear,
		.context = heard,
	    },
	    error);
}

/* A script of these lines. */
static bool run(
    struct heard *heard, const char *lines, int64_t timeout, int signals, struct error *error)
{
	char text[4096];
	char path[PATH_MAX];

	assert_true(text_format(text, sizeof(text), "#!/bin/sh\n%s\n", lines));
	safe_folder_script(folder, "hook", text);
	assert_true(text_format(path, sizeof(path), "%s/hook", folder));
	return run_command(heard, path, timeout, signals, error);
}

static void assert_says(struct heard *heard, const char *lines, const char *expected)
{
	struct error error = ERROR_INIT;

	assert_ok(run(heard, lines, 30, -1, &error), &error);
	assert_string_equal(heard->text.data ? heard->text.data : "", expected);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_binary_gets_exactly_the_environment_that_is_given(void **state)
{
	struct heard *heard = *state;
	struct error error = ERROR_INIT;

	setenv("CREDENTIALS_DIRECTORY", "/run/x", 1);
	setenv("PKCS11_PIN", "1234", 1);
	setenv("HOME", "/home/x", 1);
	assert_ok(run_command(heard, "/usr/bin/env", 30, -1, &error), &error);
	assert_string_equal(heard->text.data, "PATH=/usr/bin:/bin\nRENEWAL_AGENT_EVENT=renewed\n");
}

static void a_script_knows_its_own_path_and_its_words(void **state)
{
	struct heard *heard = *state;
	struct error error = ERROR_INIT;
	char text[PATH_MAX + 64];
	char expected[PATH_MAX + 64];

	safe_folder_script(
	    folder, "hook", "#!/bin/sh\nfor each in \"$0\" \"$@\"; do echo \"$each\"; done\n");
	(void)text_format(text, sizeof(text), "%s/hook one \"two words\" $HOME ;", folder);
	(void)text_format(
	    expected, sizeof(expected), "%s/hook\none\ntwo words\n$HOME\n;\n", folder);
	assert_ok(run_command(heard, text, 30, -1, &error), &error);
	assert_string_equal(heard->text.data, expected);
}

static void its_input_is_the_text_as_one_line_which_can_be_read_twice(void **state)
{
	assert_says(*state, "read -r line && echo \"$line\"; cat /dev/stdin",
	    "{\"event\":\"renewed\"}\n{\"event\":\"renewed\"}\n");
}

static void output_and_errors_are_heard_line_by_line(void **state)
{
	assert_says(*state, "echo one; echo two >&2; printf three", "one\ntwo\nthree\n");
}

static void it_has_three_descriptors(void **state)
{
	scoped(fd) int open_file = fcntl(STDERR_FILENO, F_DUPFD, 20);

	assert_true(open_file >= 0);
	/* The shell opens the script as 10; ls the folder as 3. */
	assert_says(*state, "ls /proc/self/fd", "0\n1\n2\n3\n");
}

static void it_begins_at_the_root_with_a_plain_umask_and_a_session_of_its_own(void **state)
{
	mode_t before = umask(077);

	assert_says(*state,
	    "pwd; umask; set -- $(cat /proc/$$/stat); test $1 = $5 && test $1 = $6 && echo own",
	    "/\n0022\nown\n");
	(void)umask(before);
}

static void it_starts_with_default_signals(void **state)
{
	struct heard *heard = *state;
	struct error error = ERROR_INIT;
	unsigned long long blocks;
	unsigned long long ignores;
	sigset_t blocked;

	assert_ptr_not_equal(signal(SIGPIPE, SIG_IGN), SIG_ERR);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
	assert_ok(run_command(heard, "/bin/sed -n \"s/^Sig[BI][lg][kn]://p\" /proc/self/status", 30,
		      -1, &error),
	    &error);
	assert_int_equal(sscanf(heard->text.data, "%llx %llx", &blocks, &ignores), 2);
	assert_int_equal(blocks, 0);
	/* glibc ignores two signals of its own, 32 and 33. */
	assert_int_equal(ignores & 0x7fffffff, 0);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &blocked, NULL), 0);
}

static void a_failure_says_how_it_ended(void **state)
{
	struct heard *heard = *state;
	struct error error = ERROR_INIT;

	assert_refused(run(heard, "exit 3", 30, -1, &error), &error, ERROR_INTERNAL);
	assert_non_null(strstr(error.message, "/hook failed with exit status 3"));
	assert_refused(run(heard, "kill -SEGV $$", 30, -1, &error), &error, ERROR_INTERNAL);
	assert_non_null(strstr(error.message, "signal 11"));
	assert_refused(
	    run_command(heard, "/nonexistent/hook", 30, -1, &error), &error, ERROR_CONFIG);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_file_that_cannot_be_run_is_an_error_that_says_what_is_missing(void **state)
{
	struct heard *heard = *state;
	struct error error = ERROR_INIT;
	char path[PATH_MAX];

	safe_folder_script(folder, "hook", "echo no first line\n");
	assert_true(text_format(path, sizeof(path), "%s/hook", folder));
	assert_refused(run_command(heard, path, 30, -1, &error), &error, ERROR_INTERNAL);
	assert_non_null(strstr(error.message, "has to begin with #!"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* The first line that was heard is a process's number: it is gone, or a zombie of init's. */
static bool first_heard_is_gone(const struct heard *heard)
{
	char path[64];
	char status[64] = "";
	const char *state;
	scoped(fd) int file = -1;

	(void)text_format(path, sizeof(path), "/proc/%d/stat", atoi(heard->text.data));
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || read(file, status, sizeof(status) - 1) <= 0)
		return true;
	state = strrchr(status, ')');
	return !state || state[2] == 'Z' || state[2] == 'X';
}

static void assert_first_heard_goes(const struct heard *heard)
{
	for (int i = 0; i < 500 && !first_heard_is_gone(heard); i++)
		(void)usleep(10000);
	assert_true(first_heard_is_gone(heard));
}

static void at_the_deadline_its_whole_group_is_killed(void **state)
{
	struct heard *heard = *state;
	struct error error = ERROR_INIT;
	int64_t began = clock_milliseconds();

	assert_refused(run(heard, "trap '' TERM\nsleep 100 & echo $!\nwait", 1, -1, &error), &error,
	    ERROR_DEADLINE);
	assert_true(clock_milliseconds() - began >= 1000);
	assert_non_null(strstr(error.message, "not done after 1 s (hook_timeout)"));
	assert_first_heard_goes(heard);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void the_deadline_comes_for_one_that_never_stops_talking(void **state)
{
	struct heard *heard = *state;
	struct error error = ERROR_INIT;

	assert_refused(
	    run(heard, "while :; do echo more; done", 1, -1, &error), &error, ERROR_DEADLINE);
	assert_true(heard->text.length < POLICY_HOOK_OUTPUT + 100);
	assert_non_null(strstr(heard->text.data, "(more is not shown)\n"));
}

static void a_long_line_is_cut_into_several(void **state)
{
	struct heard *heard = *state;
	struct error error = ERROR_INIT;

	assert_ok(run(heard, "head -c 1200 /dev/zero", 30, -1, &error), &error);
	assert_int_equal(strspn(heard->text.data, "?"), 511);
	assert_int_equal(heard->text.length, 1200 + 3);
}

/* A signal for us, of which a descriptor tells. */
static void when_we_are_to_end_it_is_ended_too(void **state)
{
	struct heard *heard = *state;
	struct error error = ERROR_INIT;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "", 1), 1);
	assert_refused(
	    run(heard, "sleep 100 & echo $!\nwait", 60, ends[0], &error), &error, ERROR_BUSY);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	/* What can be read is left for whoever ends the run. */
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(ends[0], &(char){ 0 }, 1), 1);
	close(ends[0]);
	close(ends[1]);
}

static void what_it_leaves_in_the_background_is_not_waited_for(void **state)
{
	struct heard *heard = *state;
	struct error error = ERROR_INIT;
	int64_t began = clock_milliseconds();

	assert_ok(run(heard, "sleep 60 & echo $!", 50, -1, &error), &error);
	assert_true(clock_milliseconds() - began < 40000);
	assert_false(first_heard_is_gone(heard));
	assert_int_equal(kill(atoi(heard->text.data), SIGKILL), 0);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(a_binary_gets_exactly_the_environment_that_is_given),
		IN_A_FOLDER(a_script_knows_its_own_path_and_its_words),
		IN_A_FOLDER(its_input_is_the_text_as_one_line_which_can_be_read_twice),
		IN_A_FOLDER(output_and_errors_are_heard_line_by_line),
		IN_A_FOLDER(it_has_three_descriptors),
		IN_A_FOLDER(it_begins_at_the_root_with_a_plain_umask_and_a_session_of_its_own),
		IN_A_FOLDER(it_starts_with_default_signals),
		IN_A_FOLDER(a_failure_says_how_it_ended),
		IN_A_FOLDER(a_file_that_cannot_be_run_is_an_error_that_says_what_is_missing),
		IN_A_FOLDER(at_the_deadline_its_whole_group_is_killed),
		IN_A_FOLDER(the_deadline_comes_for_one_that_never_stops_talking),
		IN_A_FOLDER(a_long_line_is_cut_into_several),
		IN_A_FOLDER(when_we_are_to_end_it_is_ended_too),
		IN_A_FOLDER(what_it_leaves_in_the_background_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
