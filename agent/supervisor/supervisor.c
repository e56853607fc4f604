#include "agent/supervisor/supervisor.h"

#include "agent/policy.h"
#include "agent/report/console.h"
#include "agent/supervisor/ending_signals.h"
#include "agent/supervisor/service_manager.h"
#include "agent/supervisor/worker_process.h"
#include "agent/supervisor/worker_share.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define SECOND 1000 /* milliseconds */

struct watch {
	const struct job *job;
	const struct listener *listener; /* NULL: none */
	struct console *console;
	bool stands; /* the outcome that came says that what was asked for is done */
	struct supervised *supervised;
	struct worker_share *share; /* NULL: the worker is for this job only */
	struct worker_process worker;
	bool died;
	bool was_kept; /* it has worked for another identity before, and said nothing since */
	struct ending_signals signals; /* a person or a service manager wants us to end */

	char step[sizeof(((struct note *)0)->text)];
	int64_t began;    /* milliseconds */
	int64_t deadline; /* seconds; from `began` on */
};

/* To the service manager: it waits as long as the step may take, and as ending a worker does. */
static void tell_service_manager(const struct watch *watch)
{
	int64_t passed = (clock_milliseconds() - watch->began) / SECOND;
	char status[SERVICE_STATUS_SIZE];
	char span[32];

	duration_format(passed, span, sizeof(span));
	(void)text_format(status, sizeof(status), "%s: %s, for %s", watch->job->settings->name,
	    watch->step, span);
	service_manager_extend(status, watch->deadline - passed + 2 * POLICY_WORKER_END);
}

static void begin_step(struct watch *watch, const char *step, int64_t deadline)
{
	/* A note's text fits. */
	(void)!text_copy(watch->step, sizeof(watch->step), step);
	watch->began = clock_milliseconds();
	watch->deadline = deadline;
	tell_service_manager(watch);
}

static void take_note(struct watch *watch, const struct note *note)
{
	switch (note->kind) {
	case NOTE_STEP:
		begin_step(watch, note->text, note->deadline);
		console_explain(watch->console, "%s", note->text);
		break;
	case NOTE_WARNING:
		console_print(watch->console, "%s", note->text);
		break;
	case NOTE_INFO:
		console_explain(watch->console, "%s", note->text);
		break;
	case NOTE_CHECK:
		check_list_add(&watch->supervised->checks, &note->check);
		break;
	}
}

static bool set_deadline_passed(const struct watch *watch, struct error *error)
{
	char span[32];

	duration_format(watch->deadline, span, sizeof(span));
	return error_set(error, ERROR_DEADLINE,
	    "%s: not done after %s, so the worker was ended; see whether the token and the "
	    "Connector are well, or raise the timeout of this step",
	    watch->step, span);
}

static bool set_interrupted(struct watch *watch, const char *by, struct error *error)
{
	watch->supervised->interrupted = true;
	return error_set(error, ERROR_STATE,
	    "interrupted by %s while %s; nothing is lost, the next run goes on from here", by,
	    watch->step);
}

/* The worker is gone and has said nothing. */
static bool set_death(struct watch *watch, struct error *error)
{
	int status = watch->worker.status;
	char signal_name[32];

	watch->died = true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_NOT_STARTED)
		return error_set(error, ERROR_INTERNAL,
		    "the program renewal-worker cannot be run: reinstall the package");
	if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_WITHOUT_DESCRIPTORS)
		return error_set(
		    error, ERROR_STATE, "cannot start the worker: %s", file_error_reason(EMFILE));
	if (!WIFSIGNALED(status))
		return error_set(error, ERROR_INTERNAL,
		    "the worker ended with status %d and without a report while %s",
		    WIFEXITED(status) ? WEXITSTATUS(status) : status, watch->step);

	(void)text_format(signal_name, sizeof(signal_name), "SIG%s",
	    sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
	switch (WTERMSIG(status)) {
	case SIGKILL: /* a person, or the kernel that ran out of memory */
	case SIGTERM:
	case SIGINT:
	case SIGHUP:
		return set_interrupted(watch, signal_name, error);
	default:
		return error_set(error, ERROR_TOKEN,
		    "the worker crashed (%s) while %s: most likely the module %s did, or the "
		    "OpenSSL engine or provider above it; if it happens again, update them, or "
		    "set another signer",
		    signal_name, watch->step, watch->job->settings->module);
	}
}

static bool end_interrupted(struct watch *watch, struct error *error)
{
	char name[ENDING_SIGNAL_TEXT_SIZE];

	ending_signals_take(&watch->signals, name);
	(void)worker_process_end(&watch->worker, 0);
	if (watch->share)
		watch->share->told_to_end = true;
	return set_interrupted(watch, name, error);
}

/* Milliseconds that poll may wait: to the deadline, to the next second for the terminal, to the
   watchdog's next meal. */
static int next_look(const struct watch *watch)
{
	int64_t passed = clock_milliseconds() - watch->began;
	int64_t left = watch->deadline * SECOND - passed;
	int64_t next = watch->console->terminal ? SECOND - passed % SECOND : 60 * SECOND;
	const int watchdog = service_manager_watchdog();

	if (left < next)
		next = left;
	if (watchdog >= 0 && watchdog < next)
		next = watchdog;
	return next > 0 ? (int)next : 0;
}

static bool deadline_has_passed(const struct watch *watch)
{
	return clock_milliseconds() - watch->began >= watch->deadline * SECOND;
}

/* After its last outcome. */
static void leave(struct watch *watch)
{
	if (watch->share && watch->supervised->outcome.stays) {
		worker_share_keep(watch->share, watch->job->settings, &watch->worker);
		return;
	}
	/* It still finalises the module, which may hang like anything else of it. */
	if (!worker_process_end(&watch->worker, POLICY_WORKER_END * SECOND))
		console_print(watch->console, "the worker does not end, even when killed");
}

static bool receive(struct watch *watch, bool *ret_ended, struct error *error)
{
	struct outcome *outcome = &watch->supervised->outcome;
	struct outcome received = { .more = false };
	enum report_kind kind;
	struct note note;

	if (!report_receive(watch->worker.channel, &kind, &note, &received, error)) {
		(void)worker_process_end(&watch->worker, 0);
		return false;
	}
	if (kind == REPORT_OUTCOME) {
		outcome_clear(outcome);
		*outcome = received;
		watch->stands = outcome->more;
	}
	watch->was_kept = watch->was_kept && kind == REPORT_END;
	*ret_ended = kind != REPORT_NOTE && !received.more;
	if (kind == REPORT_NOTE)
		take_note(watch, &note);
	if (received.more) {
		if (watch->listener)
			watch->listener->stands(
			    watch->listener->context, watch->signals.descriptor);
		return true;
	}
	if (kind == REPORT_OUTCOME) {
		leave(watch);
		*error = outcome->error;
		return outcome->error.kind == ERROR_NONE;
	}
	if (kind == REPORT_END) {
		(void)worker_process_end(&watch->worker, POLICY_WORKER_END * SECOND);
		return set_death(watch, error);
	}
	return true;
}

static bool watch_worker(struct watch *watch, struct error *error)
{
	struct pollfd descriptors[] = {
		{ .fd = watch->worker.channel, .events = POLLIN },
		{ .fd = watch->signals.descriptor, .events = POLLIN },
	};
	bool ended = false;

	while (!ended) {
		int ready = poll(descriptors, ARRAY_LENGTH(descriptors), next_look(watch));

		if (ready < 0 && errno != EINTR) {
			(void)worker_process_end(&watch->worker, 0);
			return error_set(error, ERROR_INTERNAL, "poll: %s", strerror(errno));
		}
		service_manager_alive();
		/* What the worker has said comes first: it tells what was interrupted. */
		if (ready > 0 && descriptors[0].revents) {
			if (!receive(watch, &ended, error))
				return false;
			continue;
		}
		if (ready > 0 && descriptors[1].revents)
			return end_interrupted(watch, error);
		if (deadline_has_passed(watch)) {
			(void)worker_process_end(&watch->worker, 0);
			return set_deadline_passed(watch, error);
		}
		tell_service_manager(watch);
		console_progress(
		    watch->console, watch->step, (clock_milliseconds() - watch->began) / SECOND);
	}
	return true;
}

/* What was asked for had been done: it does not fail by what nobody waited for. */
static bool stand_by_outcome(struct watch *watch, struct error *error)
{
	if (!watch->stands)
		return false;
	if (!watch->supervised->interrupted)
		watch->supervised->outcome.spare_error = *error;
	watch->supervised->interrupted = false;
	error_clear(error);
	return true;
}

/* By one that was kept, or a new one. A worker that dies before it has read its job is heard of by
   its end. */
static bool run_worker(
    struct watch *watch, const struct secret *token, int lock, struct error *error)
{
	const struct identity_settings *settings = watch->job->settings;
	struct error unsent = ERROR_INIT;

	watch->was_kept = watch->share && worker_share_take(watch->share, settings, &watch->worker);
	if (!watch->was_kept && !worker_process_start(settings, &watch->worker, error))
		return false;
	watch->worker.hurry = watch->signals.ending;
	begin_step(watch, "starting", settings->step_timeout);
	if (!job_send(watch->worker.channel, watch->job, token, lock, &unsent))
		console_explain(watch->console, "%s", unsent.message);
	return watch_worker(watch, error);
}

/* A worker that was kept and has died before it said anything about this job has not begun it. */
static bool run(struct watch *watch, const struct secret *token, int lock, struct error *error)
{
	bool done = run_worker(watch, token, lock, error);

	if (!done && watch->was_kept && watch->died) {
		console_explain(watch->console,
		    "a worker that was kept has ended: %s; another is started", error->message);
		watch->supervised->interrupted = false;
		error_clear(error);
		done = run_worker(watch, token, lock, error);
	}
	done = done || stand_by_outcome(watch, error);
	console_wipe(watch->console);
	return done;
}

bool supervisor_run(const struct job *job, const struct secret *token, int lock,
    struct worker_share *share, const struct listener *listener, struct console *console,
    struct supervised *ret_supervised, struct error *error)
{
	struct watch watch = {
		.job = job,
		.share = share,
		.listener = listener,
		.console = console,
		.supervised = ret_supervised,
	};
	bool done;

	*ret_supervised = (struct supervised){ .outcome.key_generation_milliseconds = -1 };
	if (!ending_signals_block(&watch.signals, error))
		return false;
	done = run(&watch, token, lock, error);
	ending_signals_release(&watch.signals);
	return done;
}

void supervised_clear(struct supervised *supervised)
{
	outcome_clear(&supervised->outcome);
	check_list_clear(&supervised->checks);
}
