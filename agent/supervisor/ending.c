#include "agent/supervisor/ending.h"

#include "base/compiler.h"

#include <stddef.h>
#include <unistd.h>

sigset_t ending_signals(void)
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

bool ending_is_wanted(void)
{
	sigset_t waiting;

	return sigpending(&waiting) == 0
	       && (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1);
}

void ending_put_back(int number)
{
	(void)kill(getpid(), number);
}
