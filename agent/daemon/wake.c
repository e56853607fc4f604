#include "agent/daemon/wake.h"

#include "agent/supervisor/service_manager.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Every run has this file open for writing from its begin to its worker's end. */
#define LOCK_NAME "lock"

static bool block_signals(sigset_t *ret_signals, struct error *error)
{
	struct sigaction action;

	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGHUP);
	sigaddset(ret_signals, SIGUSR1);
	/* A shell's background. */
	if (sigaction(SIGINT, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
		sigaddset(ret_signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, ret_signals, NULL) != 0)
		return error_set(error, ERROR_INTERNAL, "sigprocmask: %s", strerror(errno));
	return true;
}

bool wake_open(struct wake *ret_wake, struct error *error)
{
	sigset_t signals;

	*ret_wake = (struct wake){ -1, -1, -1, -1 };
	if (!block_signals(&signals, error))
		return false;
	ret_wake->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (ret_wake->signals < 0)
		return error_set(
		    error, file_error_kind(errno), "signalfd: %s", file_error_reason(errno));
	ret_wake->timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (ret_wake->timer < 0)
		return error_set(
		    error, file_error_kind(errno), "timerfd_create: %s", file_error_reason(errno));
	ret_wake->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	ret_wake->drops = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return true;
}

static void close_one(int descriptor)
{
	if (descriptor >= 0)
		close(descriptor);
}

void wake_close(struct wake *wake)
{
	close_one(wake->signals);
	close_one(wake->timer);
	close_one(wake->changes);
	close_one(wake->drops);
	*wake = (struct wake){ -1, -1, -1, -1 };
}

bool wake_watch(struct wake *wake, const char *folder)
{
	/* The same folder again is the same watch. */
	return wake->changes >= 0
	       && inotify_add_watch(wake->changes, folder, IN_CLOSE_WRITE | IN_ONLYDIR) >= 0;
}

/* A file that is written, put there, or given the right mode or owner. */
bool wake_watch_file(struct wake *wake, const char *path)
{
	const int length = (int)(strrchr(path, '/') - path) + 1;
	char folder[PATH_MAX];

	return wake->drops >= 0 && text_format(folder, sizeof(folder), "%.*s", length, path)
	       && inotify_add_watch(
		      wake->drops, folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR)
		      >= 0;
}

/* Whose file it is, is found out by looking. */
static bool read_drops(const struct wake *wake)
{
	_Alignas(struct inotify_event) char bytes[4096];
	bool any = false;

	while (wake->drops >= 0 && read(wake->drops, bytes, sizeof(bytes)) > 0)
		any = true;
	return any;
}

/* Whether one of the events is the end of a run. */
static bool read_changes(const struct wake *wake)
{
	_Alignas(struct inotify_event) char bytes[4096];
	bool ended = false;
	ssize_t length;

	while (wake->changes >= 0 && (length = read(wake->changes, bytes, sizeof(bytes))) > 0) {
		for (size_t at = 0; at < (size_t)length;) {
			const struct inotify_event *event = (const void *)(bytes + at);

			ended = ended || (event->mask & (IN_Q_OVERFLOW | IN_IGNORED))
				|| (event->len > 0 && text_equal(event->name, LOCK_NAME));
			at += sizeof(*event) + event->len;
		}
	}
	return ended;
}

void wake_forget_changes(struct wake *wake)
{
	(void)read_changes(wake);
	(void)read_drops(wake);
}

static unsigned read_signals(const struct wake *wake, int *ret_signal)
{
	struct signalfd_siginfo info;
	unsigned reasons = 0;

	while (read(wake->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			reasons |= WAKE_RELOAD;
			break;
		case SIGUSR1:
			reasons |= WAKE_FORCE;
			break;
		default:
			reasons |= WAKE_END;
			*ret_signal = (int)info.ssi_signo;
		}
	}
	return reasons;
}

/* When the clock is set, the wait ends (ECANCELED), since the moment may be another one then. */
static void set_timer(const struct wake *wake, int64_t moment)
{
	const struct itimerspec at = { .it_value = { .tv_sec = moment } };

	(void)timerfd_settime(wake->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL);
}

static bool timer_has_ended(const struct wake *wake)
{
	uint64_t count;

	return read(wake->timer, &count, sizeof(count)) > 0 || errno == ECANCELED;
}

unsigned wake_wait(struct wake *wake, int64_t moment, int *ret_signal)
{
	struct pollfd descriptors[] = {
		{ .fd = wake->signals, .events = POLLIN }, { .fd = wake->timer, .events = POLLIN },
		{ .fd = wake->changes, .events = POLLIN }, { .fd = wake->drops, .events = POLLIN },
		/* -1 is passed over */
	};
	unsigned reasons = 0;

	set_timer(wake, moment);
	while (reasons == 0) {
		bool now = moment <= clock_now();

		service_manager_alive();
		(void)poll(
		    descriptors, ARRAY_LENGTH(descriptors), now ? 0 : service_manager_watchdog());
		reasons = read_signals(wake, ret_signal);
		if (now || timer_has_ended(wake))
			reasons |= WAKE_LOOK;
		if (read_changes(wake) || read_drops(wake))
			reasons |= WAKE_LOOK;
	}
	return reasons;
}
