#include "agent/supervisor/ending_signals.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A signalfd would not see to it that what is ignored stays so. */
static sigset_t ending(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&signals, numbers[i]);
	return signals;
}

bool ending_signals_block(struct ending_signals *ret_signals, struct error *error)
{
	const sigset_t signals = ending();
	sigset_t blocked = signals;

	sigaddset(&blocked, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &blocked, &ret_signals->before) != 0)
		return error_set(error, ERROR_INTERNAL, "sigprocmask: %s", strerror(errno));
	ret_signals->descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
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

void ending_signals_take(int descriptor, char name[ENDING_SIGNAL_TEXT_SIZE])
{
	struct signalfd_siginfo info;
	const char *word = NULL;

	if (read(descriptor, &info, sizeof(info)) == (ssize_t)sizeof(info))
		word = sigabbrev_np((int)info.ssi_signo);
	(void)text_format(
	    name, ENDING_SIGNAL_TEXT_SIZE, "%s%s", word ? "SIG" : "a signal", word ? word : "");
}
