#include "agent/supervisor/ending_signals.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A signalfd would not see to it that what is ignored stays so. */
static sigset_t find_ending(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	sigset_t blocked;
	sigset_t signals;

	sigemptyset(&signals);
	sigemptyset(&blocked);
	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&signals, numbers[i]);
	if (sigismember(&blocked, SIGHUP) == 1)
		sigdelset(&signals, SIGHUP);
	return signals;
}

bool ending_signals_block(struct ending_signals *ret_signals, struct error *error)
{
	sigset_t blocked;

	ret_signals->ending = find_ending();
	blocked = ret_signals->ending;
	sigaddset(&blocked, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &blocked, &ret_signals->before) != 0)
		return error_set(error, ERROR_INTERNAL, "sigprocmask: %s", strerror(errno));
	ret_signals->descriptor = signalfd(-1, &ret_signals->ending, SFD_CLOEXEC | SFD_NONBLOCK);
	if (ret_signals->descriptor >= 0)
		return true;
	(void)error_set(error, file_error_kind(errno), "signalfd: %s", file_error_reason(errno));
	(void)sigprocmask(SIG_SETMASK, &ret_signals->before, NULL);
	return false;
}

void ending_signals_release(struct ending_signals *signals)
{
	close(signals->descriptor);
	(void)sigprocmask(SIG_SETMASK, &signals->before, NULL);
}

void ending_signals_take(const struct ending_signals *signals, char name[ENDING_SIGNAL_TEXT_SIZE])
{
	struct signalfd_siginfo info;
	const char *word = NULL;

	if (read(signals->descriptor, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		word = sigabbrev_np((int)info.ssi_signo);
		if (sigismember(&signals->before, (int)info.ssi_signo) == 1)
			ending_signals_put_back((int)info.ssi_signo);
	}
	(void)text_format(
	    name, ENDING_SIGNAL_TEXT_SIZE, "%s%s", word ? "SIG" : "a signal", word ? word : "");
}

bool ending_signals_are_waiting(void)
{
	sigset_t waiting;

	return sigpending(&waiting) == 0
	       && (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1);
}

void ending_signals_put_back(int number)
{
	(void)kill(getpid(), number);
}
