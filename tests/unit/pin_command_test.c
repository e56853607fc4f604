#include "pkcs11/pin_command.h"

#include "base/command_line.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* Runs `/bin/sh -c SCRIPT`; no blank is lost, because the script is one quoted word. */
static bool run(const char *script, struct secret *output, struct error *error)
{
	scoped(command_line) struct command_line command = { .count = 0 };
	char text[512];

	assert_true(text_format(text, sizeof(text), "/bin/sh -c \"%s\"", script));
	return command_line_parse(text, &command, error)
	       && pin_command_run(&command, output, error);
}

static void the_whole_output_is_read_and_the_program_is_reaped(void **state)
{
	scoped(secret) struct secret *output = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(secret_new(&output, &error), &error);
	assert_ok(run("printf 12; sleep 0.05; printf 34", output, &error), &error);
	assert_string_equal(secret_bytes(output), "1234");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_program_that_fails_dies_or_is_absent_is_an_error_that_says_how(void **state)
{
	static const struct {
		const char *text;
		const char *complaint;
	} cases[] = {
		{ "/bin/sh -c \"echo 1234; exit 3\"", "exit status 3" },
		{ "/bin/sh -c \"echo 1234; kill -TERM $$\"", "signal 15 (Terminated)" },
		{ "/nonexistent/pin 1234", "/nonexistent/pin: No such file" },
		{ "/etc/passwd", "/etc/passwd: Permission denied" },
	};
	scoped(secret) struct secret *output = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(secret_new(&output, &error), &error);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		scoped(command_line) struct command_line command = { .count = 0 };

		assert_ok(command_line_parse(cases[i].text, &command, &error), &error);
		assert_refused(pin_command_run(&command, output, &error), &error, ERROR_PIN);
		assert_non_null(strstr(error.message, cases[i].complaint));
		assert_null(strstr(error.message, "1234"));
	}
}

static void a_program_that_never_stops_talking_is_stopped(void **state)
{
	scoped(secret) struct secret *output = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(secret_new(&output, &error), &error);
	assert_refused(
	    run("trap '' PIPE; while :; do echo 1234; done", output, &error), &error, ERROR_PIN);
	assert_non_null(strstr(error.message, "longer than 4096 bytes"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void the_program_gets_no_input_no_descriptors_and_little_environment(void **state)
{
	scoped(secret) struct secret *output = NULL;
	/* Far from those that the start of the program uses itself. */
	scoped(fd) int open_file = fcntl(STDERR_FILENO, F_DUPFD, 20);
	struct error error = ERROR_INIT;

	(void)state;
	assert_true(open_file >= 0);
	assert_ok(secret_new(&output, &error), &error);
	setenv("PKCS11_PIN", "8765", 1);
	setenv("TMPDIR", "/home/x/tmp", 1);
	setenv("HOME", "/home/x", 1);
	setenv("CREDENTIALS_DIRECTORY", "/run/x", 1);
	assert_ok(
	    run("readlink /proc/self/fd/0; ls /proc/self/fd | wc -l", output, &error), &error);
	/* 0, 1, 2 and the one by which ls reads the folder. */
	assert_string_equal(secret_bytes(output), "/dev/null\n4\n");
	assert_ok(run("env | grep -v -e ^PWD= -e ^_= -e ^OLDPWD= -e ^SHLVL= | cut -d= -f1 | sort "
		      "| tr '\\n' ' '; printf %s $HOME",
		      output, &error),
	    &error);
	assert_non_null(strstr(secret_bytes(output), "CREDENTIALS_DIRECTORY HOME"));
	assert_non_null(strstr(secret_bytes(output), "PATH TMPDIR /home/x"));
	assert_null(strstr(secret_bytes(output), "PKCS11_PIN"));
}

/* We ignore SIGPIPE and may have signals blocked. */
static void the_program_starts_with_default_signals(void **state)
{
	scoped(secret) struct secret *output = NULL;
	struct error error = ERROR_INIT;
	sigset_t blocked;
	unsigned long long blocks;
	unsigned long long ignores;

	(void)state;
	assert_ok(secret_new(&output, &error), &error);
	assert_ptr_not_equal(signal(SIGPIPE, SIG_IGN), SIG_ERR);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
	assert_ok(run("sed -n 's/^Sig[BI][lg][kn]://p' /proc/self/status", output, &error), &error);
	assert_int_equal(sscanf(secret_bytes(output), "%llx %llx", &blocks, &ignores), 2);
	assert_int_equal(blocks, 0);
	/* glibc ignores two signals of its own, 32 and 33. */
	assert_int_equal(ignores & 0x7fffffff, 0);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &blocked, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_output_is_read_and_the_program_is_reaped),
		cmocka_unit_test(a_program_that_fails_dies_or_is_absent_is_an_error_that_says_how),
		cmocka_unit_test(a_program_that_never_stops_talking_is_stopped),
		cmocka_unit_test(the_program_gets_no_input_no_descriptors_and_little_environment),
		cmocka_unit_test(the_program_starts_with_default_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
