#include "agent/hooks/hook_process.h"

#include "agent/hooks/hook_program.h"
#include "agent/policy.h"
#include "agent/supervisor/service_manager.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/command_line.h"
#include "base/duration.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SECOND 1000 /* milliseconds */
#define EXIT_NOT_STARTED 127
/* Above the numbers that the program gets. */
#define HIGH_DESCRIPTOR 16
#define LINE_SIZE 512
#define PIPE_CAPACITY 65536

/* What is open for one run. */
struct running {
	const struct hook_process *process;
	pid_t pid;     /* 0: none, or reaped */
	int pidfd;     /* can be read when it has ended */
	int output;    /* our end of its standard output and error */
	int report;    /* the errno of a start that failed, or nothing */
	size_t heard;  /* bytes of output */
	size_t length; /* of `line` */
	char line[LINE_SIZE];
};

/* What cannot be killed is left to whoever started us. */
__attribute__((unused)) static inline void scoped_destroy_running(struct running *running)
{
	scoped(fd) int pidfd = running->pidfd;
	scoped(fd) int output = running->output;
	scoped(fd) int report = running->report;

	(void)pidfd;
	(void)output;
	(void)report;
}

/* A file, not a pipe: nobody has to wait until it has been read. */
static int make_input(const char *text)
{
	scoped(fd) int file = memfd_create("hook", MFD_CLOEXEC);

	if (file < 0 || dprintf(file, "%s\n", text) < 0 || lseek(file, 0, SEEK_SET) != 0)
		return -1;
	return take_fd(&file);
}

static bool place(int descriptor, int number)
{
	return dup2(descriptor, number) == number;
}

/* In the child. Those that stay close on exec. */
static bool arrange_descriptors(int input, int output, int *program, int *report)
{
	int high_input = fcntl(input, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
	int high_output = fcntl(output, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
	int high_program = fcntl(*program, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
	int high_report = fcntl(*report, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);

	if (high_input < 0 || high_output < 0 || high_program < 0 || high_report < 0
	    || !place(high_input, STDIN_FILENO) || !place(high_output, STDOUT_FILENO)
	    || !place(high_output, STDERR_FILENO))
		return false;
	*program = dup3(high_program, STDERR_FILENO + 1, O_CLOEXEC);
	*report = dup3(high_report, STDERR_FILENO + 2, O_CLOEXEC);
	return *program >= 0 && *report >= 0 && close_range((unsigned)*report + 1, ~0U, 0) == 0;
}

/* In the child. */
_Noreturn static void become_hook(const struct hook_process *process, struct hook_program *program,
    int input, int output, int report, pid_t parent)
{
	int reason;

	child_reset_signals();
	(void)umask(022);
	if (child_end_with(parent) && setsid() >= 0 && chdir("/") == 0
	    && arrange_descriptors(input, output, &program->file, &report))
		hook_program_execute(program, process->command->words, process->environment);
	reason = errno;
	/* When nobody hears it, the exit status still says that it failed. */
	(void)!write(report, &reason, sizeof(reason));
	_exit(EXIT_NOT_STARTED);
}

/* Every descriptor that is made goes into *running, or is closed. errno is set when it fails. */
static bool fork_hook(
    struct running *running, struct hook_program *program, int input, pid_t parent)
{
	int output[2];
	int report[2];

	if (pipe2(output, O_CLOEXEC) != 0)
		return false;
	running->output = output[0];
	if (pipe2(report, O_CLOEXEC) != 0) {
		close(output[1]);
		return false;
	}
	running->report = report[0];
	running->pid = fork();
	if (running->pid == 0)
		become_hook(running->process, program, input, output[1], report[1], parent);
	close(output[1]);
	close(report[1]);
	if (running->pid < 0)
		return false;
	running->pidfd = (int)syscall(SYS_pidfd_open, running->pid, 0);
	return running->pidfd >= 0 && fcntl(running->output, F_SETFL, O_NONBLOCK) == 0;
}

static void reap(struct running *running, int *ret_status)
{
	pid_t pid;

	do
		pid = waitpid(running->pid, ret_status, 0);
	while (pid < 0 && errno == EINTR);
	running->pid = 0;
}

/* Until it has ended; false when the milliseconds have passed before. */
static bool wait_for_end(const struct running *running, int milliseconds)
{
	struct pollfd ended = { .fd = running->pidfd, .events = POLLIN };
	int64_t end = clock_milliseconds() + milliseconds;
	int64_t left;

	while ((left = end - clock_milliseconds()) > 0)
		if (poll(&ended, 1, (int)left) > 0)
			return true;
	return false;
}

/* The group is signalled before its leader is reaped, whose number would be free afterwards. */
static void end_group(struct running *running, bool gently)
{
	int status;

	if (gently) {
		(void)kill(-running->pid, SIGTERM);
		(void)wait_for_end(running, POLICY_HOOK_END * SECOND);
	}
	(void)kill(-running->pid, SIGKILL);
	(void)kill(running->pid, SIGKILL); /* it may have no group of its own yet */
	if (running->pidfd < 0 || wait_for_end(running, POLICY_WORKER_END * SECOND))
		reap(running, &status);
}

static bool start(struct running *running, struct error *error)
{
	const char *name = running->process->command->words[0];
	scoped(hook_program) struct hook_program program = { .file = -1 };
	scoped(fd) int input = make_input(running->process->input);
	int reason = 0;

	if (!hook_program_open(name, &program, error))
		return false;
	if (input < 0 || !fork_hook(running, &program, input, getpid())) {
		(void)error_set(
		    error, ERROR_INTERNAL, "%s: cannot be started: %s", name, strerror(errno));
		if (running->pid > 0)
			end_group(running, false);
		return false;
	}
	/* The start of the program closes the other end. */
	if (read(running->report, &reason, sizeof(reason)) != (ssize_t)sizeof(reason))
		return true;
	end_group(running, false);
	return error_set(error, ERROR_INTERNAL, "%s: cannot be run: %s%s", name, strerror(reason),
	    reason == ENOEXEC ? "; a script has to begin with #! and its interpreter" : "");
}

static void end_line(struct running *running)
{
	if (running->length > 0)
		running->process->tell(running->process->context, running->line);
	running->length = 0;
}

static void hear(struct running *running, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length && running->heard <= POLICY_HOOK_OUTPUT; i++) {
		if (++running->heard > POLICY_HOOK_OUTPUT) {
			end_line(running);
			running->process->tell(running->process->context, "(more is not shown)");
			return;
		}
		if (bytes[i] == '\n' || running->length == sizeof(running->line) - 1)
			end_line(running);
		if (bytes[i] == '\0')
			running->line[running->length++] = '?';
		else if (bytes[i] != '\n')
			running->line[running->length++] = bytes[i];
		running->line[running->length] = '\0';
	}
}

/* What is there, as far as a pipe holds: one that never stops talking has a deadline too. False at
   the end: nobody has the other end any more. */
static bool read_output(struct running *running)
{
	char bytes[4096];

	for (unsigned i = 0; i < PIPE_CAPACITY / sizeof(bytes); i++) {
		ssize_t length = read(running->output, bytes, sizeof(bytes));

		if (length <= 0)
			return length < 0 && (errno == EAGAIN || errno == EINTR);
		hear(running, bytes, (size_t)length);
	}
	return true;
}

static bool judge(const struct running *running, int status, struct error *error)
{
	const char *name = running->process->command->words[0];

	if (WIFSIGNALED(status))
		return error_set(error, ERROR_INTERNAL, "%s was ended by the signal %d (%s)", name,
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	return WEXITSTATUS(status) == 0
	       || error_set(error, ERROR_INTERNAL, "%s failed with exit status %d", name,
		   WEXITSTATUS(status));
}

static bool set_deadline_passed(const struct running *running, struct error *error)
{
	char span[32];

	duration_format(running->process->timeout, span, sizeof(span));
	return error_set(error, ERROR_DEADLINE, "%s was killed: not done after %s (hook_timeout)",
	    running->process->command->words[0], span);
}

/* What it leaves running in the background may keep the output open: nobody waits for that. */
static bool finish(struct running *running, struct error *error)
{
	int status = 0;

	(void)read_output(running);
	end_line(running);
	reap(running, &status);
	return judge(running, status, error);
}

/* Milliseconds that poll may wait: to the deadline, or until the watchdog is to be fed. */
static int next_look(int64_t left)
{
	int watchdog = service_manager_watchdog();

	return watchdog >= 0 && watchdog < left ? watchdog : (int)left;
}

static bool watch(struct running *running, struct error *error)
{
	const int64_t deadline = clock_milliseconds() + running->process->timeout * SECOND;
	struct pollfd descriptors[] = {
		{ .fd = running->output, .events = POLLIN },
		{ .fd = running->pidfd, .events = POLLIN },
		{ .fd = running->process->signals, .events = POLLIN },
	};

	for (;;) {
		int64_t left = deadline - clock_milliseconds();
		int ready =
		    left > 0 ? poll(descriptors, ARRAY_LENGTH(descriptors), next_look(left)) : 0;

		service_manager_alive();
		if (descriptors[0].revents && !read_output(running))
			descriptors[0].fd = -1;
		if (descriptors[1].revents)
			return finish(running, error);
		if (descriptors[2].revents) {
			end_group(running, true);
			return error_set(error, ERROR_BUSY, "%s was ended with us",
			    running->process->command->words[0]);
		}
		if (left <= 0 || (ready < 0 && errno != EINTR)) {
			end_group(running, false);
			return set_deadline_passed(running, error);
		}
	}
}

bool hook_process_run(const struct hook_process *process, struct error *error)
{
	scoped(running) struct running running = {
		.process = process, .pidfd = -1, .output = -1, .report = -1
	};

	return start(&running, error) && watch(&running, error);
}
