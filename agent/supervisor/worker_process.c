#include "agent/supervisor/worker_process.h"

#include "agent/config/settings.h"
#include "agent/job/job.h"
#include "agent/supervisor/ending_signals.h"
#include "agent/supervisor/service_manager.h"
#include "agent/supervisor/worker_environment.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define WORKER_NAME "renewal-worker"
/* Above the numbers that the worker gets, whatever these were here. */
#define HIGH_DESCRIPTOR 16
/* A process that hangs in the kernel does not end when it is killed. */
#define KILL_MILLISECONDS 4000

DEFINE_SCOPED(environment, char **, free)

static bool find_program(char path[PATH_MAX], struct error *error)
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *name;

	if (length > 0) {
		path[length] = '\0';
		name = strrchr(path, '/') + 1;
		if (text_copy(name, (size_t)(path + PATH_MAX - name), WORKER_NAME)
		    && access(path, X_OK) == 0)
			return true;
	}
	if (text_copy(path, PATH_MAX, RENEWAL_WORKER_PATH) && access(path, X_OK) == 0)
		return true;
	return error_set(error, ERROR_INTERNAL,
	    "cannot find " WORKER_NAME ", neither beside this program nor at " RENEWAL_WORKER_PATH
	    ": %s",
	    strerror(errno));
}

static bool place(int descriptor, int number)
{
	return dup2(descriptor, number) == number;
}

/* Standard output becomes standard error: what a module prints there must not get into our JSON.
   Standard input is only for a PIN. The lock's number is taken until the lock comes. */
static bool arrange_descriptors(int channel, int pin_descriptor)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high_channel;
	int high_null;

	if (null < 0)
		return false;
	high_channel = fcntl(channel, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
	high_null = fcntl(null, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
	if (high_channel < 0 || high_null < 0)
		return false;
	if ((pin_descriptor != STDIN_FILENO && !place(null, STDIN_FILENO))
	    || !place(STDERR_FILENO, STDOUT_FILENO) || !place(high_channel, WORKER_CHANNEL)
	    || !place(high_null, WORKER_LOCK))
		return false;
	/* All of ours close on exec; these are what our own parent left open. */
	if (pin_descriptor > WORKER_LOCK) {
		(void)close_range(WORKER_LOCK + 1, (unsigned)pin_descriptor - 1, 0);
		(void)close_range((unsigned)pin_descriptor + 1, ~0U, 0);
	} else {
		(void)close_range(WORKER_LOCK + 1, ~0U, 0);
	}
	return true;
}

/* After arrange_descriptors: F_DUPFD calls a number above the limit invalid. */
static bool limit_was_met(void)
{
	return errno == EMFILE || errno == ENFILE || errno == EINVAL;
}

/* In the child. What fails here ends in one of the two statuses that say "not started". */
_Noreturn static void become_worker(const char *path, char **environment,
    const struct identity_settings *settings, int channel, pid_t parent)
{
	char name[] = WORKER_NAME;
	char *const arguments[] = { name, NULL };
	sigset_t none;

	sigemptyset(&none);
	/* Between fork and prctl the parent may have gone: nobody would send the signal then. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent
	    || sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		_exit(WORKER_NOT_STARTED);
	if (!arrange_descriptors(channel, settings->pin_fd))
		_exit(limit_was_met() ? WORKER_WITHOUT_DESCRIPTORS : WORKER_NOT_STARTED);
	execve(path, arguments, environment);
	_exit(WORKER_NOT_STARTED);
}

bool worker_process_start(const struct identity_settings *settings,
    struct worker_process *ret_worker, struct error *error)
{
	scoped(environment) char **environment =
	    worker_environment_make(environ, &settings->worker_env);
	char path[PATH_MAX];
	pid_t parent = getpid();
	int ends[2];
	pid_t pid;

	if (!find_program(path, error))
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return error_set(error, file_error_kind(errno),
		    "cannot make a channel to the worker: %s", file_error_reason(errno));
	pid = fork();
	if (pid == 0)
		become_worker(path, environment, settings, ends[1], parent);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_set(
		    error, ERROR_STATE, "cannot start the worker: %s", strerror(errno));
	}
	*ret_worker = (struct worker_process){ .pid = pid, .channel = ends[0] };
	return true;
}

/* Until a child ends, a signal hurries us, or the watchdog wants to be fed. */
static bool is_hurried(const sigset_t *hurry, int64_t milliseconds)
{
	const int watchdog = service_manager_watchdog();
	int64_t most = watchdog >= 0 && watchdog < milliseconds ? watchdog : milliseconds;
	const struct timespec wait = { most / 1000, most % 1000 * 1000000 };
	sigset_t awaited = *hurry;
	int number;

	service_manager_alive();
	sigaddset(&awaited, SIGCHLD);
	number = sigtimedwait(&awaited, NULL, &wait);
	if (number <= 0 || number == SIGCHLD)
		return false;
	ending_signals_put_back(number);
	return true;
}

/* SIGCHLD is blocked, so that its end cannot slip in between the look and the wait. */
static bool reap(struct worker_process *worker, const sigset_t *hurry, int64_t milliseconds)
{
	int64_t end = clock_milliseconds() + milliseconds;

	for (;;) {
		pid_t pid = waitpid(worker->pid, &worker->status, WNOHANG);
		int64_t left = end - clock_milliseconds();

		if (pid == worker->pid || (pid < 0 && errno != EINTR)) {
			worker->pid = 0;
			return true;
		}
		if (left <= 0 || is_hurried(hurry, left))
			return false;
	}
}

bool worker_process_end(struct worker_process *worker, int64_t milliseconds)
{
	sigset_t none;

	if (worker->channel >= 0)
		close(worker->channel);
	worker->channel = -1;
	if (worker->pid == 0 || reap(worker, &worker->hurry, milliseconds))
		return true;
	(void)kill(worker->pid, SIGKILL);
	sigemptyset(&none);
	return reap(worker, &none, KILL_MILLISECONDS);
}
