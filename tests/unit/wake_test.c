#include "agent/daemon/wake.h"

#include "base/clock.h"
#include "base/text.h"
#include "tests/fakes/scratch_folder.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAR (clock_now() + 3600)
#define NET 60 /* seconds; a net under the tests, never what they measure */

int __real_timerfd_settime(
    int timer, int flags, const struct itimerspec *value, struct itimerspec *before);
int __wrap_timerfd_settime(
    int timer, int flags, const struct itimerspec *value, struct itimerspec *before);

static int timer_flags;

int __wrap_timerfd_settime(
    int timer, int flags, const struct itimerspec *value, struct itimerspec *before)
{
	timer_flags = flags;
	return __real_timerfd_settime(timer, flags, value, before);
}

static int set_up(void **state)
{
	static struct wake wake;
	struct error error = ERROR_INIT;

	(void)alarm(NET);
	assert_ok(wake_open(&wake, &error), &error);
	*state = &wake;
	return 0;
}

static int tear_down(void **state)
{
	wake_close(*state);
	(void)alarm(0);
	return 0;
}

static unsigned wait_for(struct wake *wake, int64_t moment)
{
	int number = 0;

	return wake_wait(wake, moment, &number);
}

static void a_moment_that_comes_or_has_passed_is_a_reason_to_look(void **state)
{
	assert_int_equal(wait_for(*state, clock_now() - 5), WAKE_LOOK);
	assert_int_equal(wait_for(*state, clock_now() + 1), WAKE_LOOK);
}

static void signals_are_told_apart(void **state)
{
	int number = 0;

	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(wait_for(*state, FAR), WAKE_RELOAD);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(wake_wait(*state, FAR, &number), WAKE_FORCE | WAKE_END);
	assert_int_equal(number, SIGTERM);
}

static void the_end_of_another_run_is_a_reason_to_look_unless_it_is_known(void **state)
{
	char folder[SCRATCH_FOLDER_SIZE];
	char lock[SCRATCH_FOLDER_SIZE + 8];

	scratch_folder_make(folder);
	assert_true(text_format(lock, sizeof(lock), "%s/lock", folder));
	assert_true(wake_watch(*state, folder));
	for (int known = 0; known < 2; known++) {
		assert_int_equal(
		    close(open(lock, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)), 0);
		if (known)
			wake_forget_changes(*state);
		else
			assert_int_equal(wait_for(*state, FAR), WAKE_LOOK);
	}
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(wait_for(*state, FAR), WAKE_RELOAD);
	scratch_folder_remove(folder);
}

static void the_moment_is_the_wall_clocks_and_setting_that_ends_the_wait(void **state)
{
	(void)wait_for(*state, clock_now() - 5);
	assert_int_equal(timer_flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
}

static bool move_clock(long nanoseconds)
{
	struct timex change = {
		.modes = ADJ_SETOFFSET | ADJ_NANO,
		/* The part of a second is never negative. */
		.time = { nanoseconds < 0 ? -1 : 0,
		    nanoseconds < 0 ? 1000000000 + nanoseconds : nanoseconds },
	};

	return adjtimex(&change) >= 0;
}

/* In a child, until it is ended: a nanosecond forth and back, whether the wait has begun or not. */
static pid_t move_clock_again_and_again(void)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child != 0)
		return child;
	(void)alarm(NET);
	while (move_clock(1) && move_clock(-1))
		(void)nanosleep(&pause, NULL);
	_exit(1);
}

static void a_clock_that_is_set_is_a_reason_to_look(void **state)
{
	pid_t child;

	if (!move_clock(0) && errno == EPERM)
		skip(); /* a container may not set the host's clock */
	child = move_clock_again_and_again();
	assert_int_equal(wait_for(*state, FAR), WAKE_LOOK);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moment_that_comes_or_has_passed_is_a_reason_to_look),
		cmocka_unit_test(signals_are_told_apart),
		cmocka_unit_test(the_end_of_another_run_is_a_reason_to_look_unless_it_is_known),
		cmocka_unit_test(the_moment_is_the_wall_clocks_and_setting_that_ends_the_wait),
		cmocka_unit_test(a_clock_that_is_set_is_a_reason_to_look),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
