#include "agent/hooks/hooks.h"

#include "agent/call.h"
#include "agent/hooks/hook_facts.h"
#include "agent/hooks/hook_process.h"
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/policy.h"
#include "agent/report/console.h"
#include "agent/report/message_ids.h"
#include "agent/supervisor/ending_signals.h"
#include "agent/supervisor/service_manager.h"
#include "base/clock.h"
#include "base/command_line.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <string.h>

DEFINE_SCOPED(hook_environment, char **, hook_environment_discard)

/* A line of the output of one hook. */
struct speaker {
	struct console *console;
	enum hook_event event;
};

static void tell(void *context, const char *line)
{
	const struct speaker *speaker = context;

	console_event(speaker->console, LOG_LEVEL_INFO, NULL, "%s: %s",
	    hook_setting_name(speaker->event), line);
}

/* What could not be saved is paid or found out a second time. */
static void save(const struct hooks *hooks)
{
	const struct identity *identity = hooks->identity;
	struct error error = ERROR_INIT;

	if (!debts_save(identity->store, &identity->debts, &error))
		console_print(hooks->call->console, "%s", error.message);
}

/* Nobody is to be alarmed by what is over, and a setting may have gone. */
static bool is_pointless(const struct identity *identity, const struct debt *debt)
{
	struct error ignored = ERROR_INIT;
	enum reason reason;

	if (!hook_setting_command(identity->settings, debt->event))
		return true;
	if (debt->event == HOOK_FAILED)
		return identity->journal.last_error_at == 0;
	return debt->event == HOOK_REENROLL
	       && !decide_needs_enrolment(identity, clock_now(), &reason, &ignored);
}

static void tell_service_manager(const struct identity *identity, enum hook_event event)
{
	char status[SERVICE_STATUS_SIZE];

	(void)text_format(status, sizeof(status), "%s: running %s", identity->settings->name,
	    hook_setting_name(event));
	service_manager_extend(status, identity->settings->hook_timeout + 2 * POLICY_WORKER_END);
}

static bool run(
    const struct hooks *hooks, const struct debt *debt, int signals, struct error *error)
{
	const struct identity_settings *settings = hooks->identity->settings;
	struct speaker speaker = { hooks->call->console, debt->event };
	scoped(command_line) struct command_line command = { .count = 0 };
	scoped(hook_environment) char **environment = NULL;
	scoped(cJSON) cJSON *facts = NULL;
	scoped(char) char *input = NULL;

	if (!command_line_parse(hook_setting_command(settings, debt->event), &command, error)
	    || !hook_facts_make(hooks->identity, debt, &facts, error))
		return false;
	environment = hook_environment_make(facts);
	input = json_print(facts);
	console_explain(hooks->call->console, "running %s: %s", hook_setting_name(debt->event),
	    command.words[0]);
	tell_service_manager(hooks->identity, debt->event);
	return hook_process_run(
	    &(struct hook_process){
		.command = &command,
		.environment = environment,
		.input = input,
		.timeout = settings->hook_timeout,
		.signals = signals,
		.tell = tell,
		.context = &speaker,
	    },
	    error);
}

static void put_off(const struct hooks *hooks, struct debt *debt, const struct error *reason)
{
	int64_t now = clock_now();

	debt->attempts++;
	debt->next_attempt = schedule_next_attempt(
	    now, debt->attempts, INT64_MAX, 0, hooks->identity->settings->name);
	(void)text_format(debt->last_error, sizeof(debt->last_error), "%s", reason->message);
	console_event(hooks->call->console, LOG_LEVEL_WARNING, MESSAGE_ID_HOOK_FAILED,
	    "%s failed, and is run again by a later run: %s", hook_setting_name(debt->event),
	    reason->message);
}

/* False when it was interrupted. */
static bool pay(const struct hooks *hooks, enum hook_event event, int signals)
{
	struct debts *debts = &hooks->identity->debts;
	struct hook_result *told = &hooks->result->hooks[event];
	struct error reason = ERROR_INIT;
	int at = debts_find_hook(debts, event);

	if (at < 0)
		return true;
	if (is_pointless(hooks->identity, &debts->list[at])) {
		debts_drop(debts, (size_t)at);
		save(hooks);
		return true;
	}
	if (!debts_is_payable(debts, (size_t)at, clock_now()))
		return true;
	told->ran = true;
	told->error[0] = '\0';
	if (run(hooks, &debts->list[at], signals, &reason))
		debts_drop(debts, (size_t)at);
	else
		(void)text_format(told->error, sizeof(told->error), "%s", reason.message);
	if (reason.kind == ERROR_BUSY)
		return false;
	if (reason.kind != ERROR_NONE)
		put_off(hooks, &debts->list[at], &reason);
	save(hooks);
	return true;
}

static bool pay_all(const struct hooks *hooks, int signals)
{
	for (unsigned event = 0; event < HOOK_EVENT_COUNT; event++)
		if (!pay(hooks, (enum hook_event)event, signals)) {
			hooks->result->interrupted = true;
			return false;
		}
	return true;
}

static bool owes_any(const struct debts *debts)
{
	for (unsigned event = 0; event < HOOK_EVENT_COUNT; event++)
		if (debts_find_hook(debts, (enum hook_event)event) >= 0)
			return true;
	return false;
}

bool hooks_pay(const struct hooks *hooks, struct error *error)
{
	struct ending_signals signals;
	char name[ENDING_SIGNAL_TEXT_SIZE];
	bool done;

	if (!owes_any(&hooks->identity->debts))
		return true;
	if (!ending_signals_block(&signals, error))
		return false;
	done = pay_all(hooks, signals.descriptor);
	if (!done) {
		ending_signals_take(&signals, name);
		(void)error_set(error, ERROR_STATE,
		    "interrupted by %s while running a hook; nothing is lost, the next run goes on "
		    "from here",
		    name);
	}
	ending_signals_release(&signals);
	return done;
}

void hooks_pay_meanwhile(void *context, int signals)
{
	const struct hooks *hooks = context;
	struct error error = ERROR_INIT;

	if (!identity_load(hooks->identity, &error))
		console_print(hooks->call->console, "%s", error.message);
	else
		(void)pay_all(hooks, signals);
}

void hooks_conclude(struct result *result)
{
	for (unsigned event = 0; event < HOOK_EVENT_COUNT; event++) {
		const struct hook_result *hook = &result->hooks[event];
		size_t length = strlen(result->message);

		if (hook->ran && hook->error[0])
			(void)text_format(result->message + length,
			    sizeof(result->message) - length, "; %s failed",
			    hook_setting_name((enum hook_event)event));
	}
}

static void owe(const struct hooks *hooks, enum hook_event event)
{
	struct identity *identity = hooks->identity;
	struct error error = ERROR_INIT;

	if (hook_setting_command(identity->settings, event)
	    && !debts_add_hook(&identity->debts, event, identity->active.number,
		hooks->result->run_id, NULL, clock_now(), &error))
		console_print(hooks->call->console, "%s", error.message);
}

void hooks_owe_failure(const struct hooks *hooks, bool needed_token, const struct error *reason)
{
	if (reason->kind == ERROR_NONE || reason->kind == ERROR_BUSY)
		return;
	owe(hooks, HOOK_FAILED);
	if (!needed_token && hooks->identity->journal.reenroll)
		owe(hooks, HOOK_REENROLL);
	if (owes_any(&hooks->identity->debts))
		save(hooks);
}

void hooks_owe_reenrolment(const struct hooks *hooks)
{
	owe(hooks, HOOK_REENROLL);
	if (owes_any(&hooks->identity->debts))
		save(hooks);
}
