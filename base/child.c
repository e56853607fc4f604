#include "base/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

void child_reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

bool child_end_with(pid_t parent)
{
	/* Between fork and prctl the parent may have gone: nobody would send the signal then. */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}
