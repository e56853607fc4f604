#include "pkcs11/pin_command.h"

#include "base/child.h"
#include "base/command_line.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENVIRONMENT_VALUE_MAX 4096
#define REPORT (STDERR_FILENO + 1)
#define EXIT_NOT_STARTED 127

static const char *const passed_on[] = { "HOME", "LANG", "TMPDIR", "CREDENTIALS_DIRECTORY" };

struct environment {
	char *variables[ARRAY_LENGTH(passed_on) + 2]; /* owned; NULL after the last */
};

static void scoped_destroy_environment(struct environment *environment)
{
	for (size_t i = 0; environment->variables[i]; i++)
		free(environment->variables[i]);
}

static void fill_environment(struct environment *environment)
{
	size_t count = 0;

	environment->variables[count++] = text_duplicate("PATH=" CHILD_PATH);
	for (size_t i = 0; i < ARRAY_LENGTH(passed_on); i++) {
		const char *value = getenv(passed_on[i]);
		char variable[ENVIRONMENT_VALUE_MAX];

		if (value && text_format(variable, sizeof(variable), "%s=%s", passed_on[i], value))
			environment->variables[count++] = text_duplicate(variable);
	}
}

/* In the child; *report becomes the only descriptor above standard error. */
static bool arrange_descriptors(int output, int *report)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
		return false;
	if (*report != REPORT && dup3(*report, REPORT, O_CLOEXEC) < 0)
		return false;
	*report = REPORT;
	return close_range(REPORT + 1, ~0U, 0) == 0;
}

/* It ends with us: past the deadline nobody else would end it. */
static _Noreturn void become_command(
    const struct command_line *command, char **variables, int output, int report, pid_t parent)
{
	int reason;

	child_reset_signals();
	if (child_end_with(parent) && arrange_descriptors(output, &report))
		execve(command->words[0], command->words, variables);
	reason = errno;
	/* When nobody hears it, the exit status still says that it failed. */
	(void)!write(report, &reason, sizeof(reason));
	_exit(EXIT_NOT_STARTED);
}

/* Returns an errno, which comes through a pipe that the start of the program closes. */
static int start(const struct command_line *command, int output, pid_t *ret_child)
{
	scoped(environment) struct environment environment = { { NULL } };
	scoped(fd) int read_end = -1;
	scoped(fd) int write_end = -1;
	pid_t parent = getpid();
	int reason = 0;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	read_end = ends[0];
	write_end = ends[1];
	fill_environment(&environment);
	*ret_child = fork();
	if (*ret_child == 0)
		become_command(command, environment.variables, output, write_end, parent);
	if (*ret_child < 0)
		return errno;
	close(take_fd(&write_end));
	if (read(read_end, &reason, sizeof(reason)) != (ssize_t)sizeof(reason))
		return 0;
	(void)waitpid(*ret_child, NULL, 0);
	return reason;
}

static bool wait_for(pid_t child, const char *program, struct error *error)
{
	int status = 0;
	pid_t ended = 0;

	do
		ended = waitpid(child, &status, 0);
	while (ended < 0 && errno == EINTR);
	if (ended < 0)
		return error_set(
		    error, ERROR_PIN, "the PIN command %s was lost: %s", program, strerror(errno));
	if (WIFSIGNALED(status))
		return error_set(error, ERROR_PIN, "the PIN command %s was ended by signal %d (%s)",
		    program, WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return error_set(error, ERROR_PIN, "the PIN command %s failed with exit status %d",
		    program, WEXITSTATUS(status));
	return true;
}

/* Closes *output and reaps the child in any case. */
static bool read_output(
    int *output, pid_t child, const char *program, struct secret *secret, struct error *error)
{
	struct error ignored = ERROR_INIT;
	char what[512];

	text_format(what, sizeof(what), "the output of the PIN command %s", program);
	if (secret_read(secret, *output, what, error)) {
		close(take_fd(output));
		return wait_for(child, program, error);
	}
	if (error)
		error->kind = ERROR_PIN;
	close(take_fd(output));
	kill(child, SIGKILL);
	return wait_for(child, program, &ignored) && false;
}

bool pin_command_run(const struct command_line *command, struct secret *output, struct error *error)
{
	int ends[2];
	scoped(fd) int read_end = -1;
	scoped(fd) int write_end = -1;
	pid_t child = -1;
	int reason;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(error, ERROR_INTERNAL, "cannot make a pipe: %s", strerror(errno));
	read_end = ends[0];
	write_end = ends[1];
	reason = start(command, write_end, &child);
	if (reason != 0)
		return error_set(error, ERROR_PIN, "cannot start the PIN command %s: %s",
		    command->words[0], strerror(reason));
	/* Else our own end would keep the pipe open for ever. */
	close(take_fd(&write_end));
	return read_output(&read_end, child, command->words[0], output, error);
}
