#include "agent/daemon/daemon.h"

#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/daemon/household.h"
#include "agent/daemon/wake.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/supervisor/ending_signals.h"
#include "agent/supervisor/service_manager.h"
#include "agent/visit/visit.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>

struct daemon {
	const struct call *call;
	struct household household;
	struct wake wake;
	char refused[SERVICE_STATUS_SIZE / 2]; /* why the configuration on disk is not in use; "" */
	int64_t wall, steady; /* seconds and milliseconds, when it was last awake */
	int ended_by;         /* a signal; 0: goes on */
	unsigned runs;
	int changed, failed; /* identities, counted in each run */
};

/* "orders: renewal at 2027-01-16T00:04:15Z; 1 waits for a one-time token" */
static void describe(const struct daemon *daemon, char status[SERVICE_STATUS_SIZE])
{
	const struct agenda *agenda = &daemon->household.agenda;
	const int64_t now = clock_now();
	const int64_t milliseconds = clock_milliseconds();
	const struct appointment *first = agenda_first(agenda, now, milliseconds);
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(SERVICE_STATUS_SIZE - 1);
	size_t waiting = 0;
	char moment[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < agenda->count; i++)
		waiting += agenda->list[i].moment.kind == MOMENT_NONE;
	if (first) {
		clock_format(agenda_start(agenda, first, now, milliseconds), moment);
		(void)text_printf(&text, "%s: %s at %s", first->settings->name,
		    moment_name(first->moment.kind), moment);
	}
	if (waiting > 0)
		(void)text_printf(&text, "%s%zu wait%s for a one-time token", first ? "; " : "",
		    waiting, waiting == 1 ? "s" : "");
	if (daemon->refused[0])
		(void)text_printf(
		    &text, "; going on with the configuration of before: %s", daemon->refused);
	(void)text_format(status, SERVICE_STATUS_SIZE, "%s", text.data ? text.data : "");
}

/* `ready`: it has begun, or has read the configuration anew. */
static void say_what_is_next(const struct daemon *daemon, bool ready)
{
	char status[SERVICE_STATUS_SIZE];

	describe(daemon, status);
	if (ready)
		service_manager_ready(status);
	else
		service_manager_status(status);
	console_explain(daemon->call->console, "%s", status);
}

/* The identities of the household whose time has come; all of them when forced. */
static void choose(const struct daemon *daemon, bool force, struct config *chosen)
{
	const struct agenda *agenda = &daemon->household.agenda;
	const int64_t now = clock_now();
	const int64_t milliseconds = clock_milliseconds();

	for (size_t i = 0; i < agenda->count; i++) {
		struct appointment *appointment = &agenda->list[i];

		if (!force && agenda_start(agenda, appointment, now, milliseconds) > now)
			continue;
		chosen->identities[chosen->count++] = *appointment->settings;
		appointment_tried(appointment, milliseconds);
	}
}

static void count(struct daemon *daemon, const cJSON *report)
{
	const cJSON *each;

	daemon->runs++;
	cJSON_ArrayForEach (each, json_member(report, "identities")) {
		daemon->changed += json_boolean(each, "changed", false);
		daemon->failed += json_boolean(each, "failed", false);
	}
}

/* What `renew` does, in one run for all of `chosen`; and the metrics of all. */
static void visit_these(struct daemon *daemon, bool force, const struct config *chosen)
{
	const struct options options = {
		.command = command_find("renew"),
		.all = true,
		.force = force,
		.json = true,
		.verbose = daemon->call->options->verbose,
	};
	const struct call call = {
		.options = &options,
		.console = daemon->call->console,
		.started = clock_now(),
	};
	scoped(cJSON) cJSON *report = NULL;

	(void)visit_chosen(&call, daemon->household.config, chosen, &report);
	if (chosen->count > 0)
		count(daemon, report);
}

static bool renew(struct daemon *daemon, bool force, struct error *error)
{
	/* The settings are borrowed. */
	struct config chosen = { .path = daemon->household.config->path };

	chosen.identities = calloc(daemon->household.agenda.count, sizeof(*chosen.identities));
	if (!chosen.identities)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	choose(daemon, force, &chosen);
	if (chosen.count > 0)
		visit_these(daemon, force, &chosen);
	free(chosen.identities);
	return true;
}

static void write_metrics(struct daemon *daemon)
{
	const struct config none = { .path = daemon->household.config->path };

	visit_these(daemon, false, &none);
}

static void reload(struct daemon *daemon)
{
	struct household household = { .config = NULL };
	struct error error = ERROR_INIT;

	service_manager_reloading();
	daemon->refused[0] = '\0';
	if (household_open(daemon->call, &household, &error)) {
		household.agenda.catch_up = daemon->household.agenda.catch_up;
		household_close(&daemon->household);
		daemon->household = household;
		console_print(daemon->call->console, "the configuration has been read anew");
	} else {
		(void)text_format(daemon->refused, sizeof(daemon->refused), "%s", error.message);
		console_print(daemon->call->console,
		    "going on with the configuration of before: %s", error.message);
	}
	for (size_t i = 0; i < daemon->household.agenda.count; i++)
		appointment_forget(&daemon->household.agenda.list[i]);
	household_look(&daemon->household, daemon->call, &daemon->wake, true);
	write_metrics(daemon);
	say_what_is_next(daemon, true);
}

/* A wall clock that has gone on by itself: the host was suspended, or the clock was set. */
static void note_time(struct daemon *daemon)
{
	const int64_t wall = clock_now();
	const int64_t steady = clock_milliseconds();

	if (agenda_was_away(wall - daemon->wall, steady - daemon->steady))
		household_catch_up(&daemon->household, wall);
	daemon->wall = wall;
	daemon->steady = steady;
}

/* One round: sleep, hear what is wanted, do it, look what is next. */
static bool go_round(struct daemon *daemon, struct error *error)
{
	const int64_t moment =
	    agenda_wake(&daemon->household.agenda, clock_now(), clock_milliseconds());
	const unsigned reasons = wake_wait(&daemon->wake, moment, &daemon->ended_by);

	if (reasons & WAKE_END)
		return true;
	note_time(daemon);
	if (reasons & WAKE_RELOAD)
		reload(daemon);
	else
		household_look(&daemon->household, daemon->call, &daemon->wake, false);
	if (!renew(daemon, reasons & WAKE_FORCE, error))
		return false;
	household_look(&daemon->household, daemon->call, &daemon->wake, false);
	say_what_is_next(daemon, false);
	/* What a run has taken is given back. */
	(void)malloc_trim(0);
	return true;
}

static bool keep_going(struct daemon *daemon, struct error *error)
{
	daemon->wall = clock_now();
	daemon->steady = clock_milliseconds();
	household_look(&daemon->household, daemon->call, &daemon->wake, true);
	household_catch_up(&daemon->household, daemon->wall);
	write_metrics(daemon);
	say_what_is_next(daemon, true);
	while (daemon->ended_by == 0)
		if (!go_round(daemon, error))
			return false;
	return true;
}

static void say_end(const struct daemon *daemon, struct result *result)
{
	const char *name = sigabbrev_np(daemon->ended_by);

	service_manager_stopping("ending");
	result->changed = daemon->changed > 0;
	text_format(result->message, sizeof(result->message),
	    "ended by SIG%s: %u run%s, %d change%s, %d failure%s", name ? name : "?", daemon->runs,
	    daemon->runs == 1 ? "" : "s", daemon->changed, daemon->changed == 1 ? "" : "s",
	    daemon->failed, daemon->failed == 1 ? "" : "s");
}

bool daemon_run(const struct call *call, struct result *result, struct error *error)
{
	struct daemon daemon = { .call = call, .wake = { -1, -1, -1, -1 } };
	bool done = household_open(call, &daemon.household, error) && wake_open(&daemon.wake, error)
		    && keep_going(&daemon, error);

	if (done)
		say_end(&daemon, result);
	wake_close(&daemon.wake);
	household_close(&daemon.household);
	return done;
}
