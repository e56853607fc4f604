#include "agent/visit.h"

#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/config/config.h"
#include "agent/hooks/hooks.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/metrics/metrics.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/report/report.h"
#include "agent/state/audit.h"
#include "agent/supervisor/ending_signals.h"
#include "base/clock.h"
#include "base/json.h"

#include <inttypes.h>

void visit_tell(const struct call *call, const struct result *result)
{
	if (result->error.kind != ERROR_NONE)
		console_print(call->console, "%s", result->error.message);
	else if (result->message[0] && call->options->command->access == COMMAND_WRITES
		 && (result->changed || call->console->terminal
		     || call->options->command->bit != COMMAND_KEYS)) /* it has said it on stdout */
		console_print(call->console, "%s", result->message);
	else
		console_explain(call->console, "%s", result->message);
}

/* Under the lock what is damaged has been set aside by now. */
static void tell_damage(const struct call *call, const struct identity *identity)
{
	if (identity->lock < 0)
		return;
	if (identity->journal_damaged)
		console_print(call->console,
		    "journal.json was damaged: set aside as journal.json.damaged, going on from "
		    "what is active");
	if (identity->debts_damaged)
		console_print(
		    call->console, "debts.json was damaged: set aside as debts.json.damaged");
}

/* What the next one to look can hold against the log: here, where it cannot be changed any more. */
static void tell_audit_head(const struct call *call, const struct identity *identity)
{
	struct audit_head head = { .count = 0 };
	struct error error = ERROR_INIT;

	if (!identity->store || audit_length(identity->store) == identity->audit_length)
		return;
	if (audit_read_head(identity->store, &head, &error))
		console_print(call->console, "audit log: %" PRId64 " event%s, head %s", head.count,
		    head.count == 1 ? "" : "s", head.sha256);
	else
		console_print(call->console, "%s", error.message);
}

/* An examination goes on without what cannot be opened, and says why. */
static bool open_identity(const struct command *command, const struct identity_settings *settings,
    struct identity *identity, struct error *error)
{
	if (identity_open(settings, command->access == COMMAND_WRITES, identity, error))
		return true;
	if (command->access != COMMAND_EXAMINES)
		return false;
	*identity = identity_unopened(settings, error);
	error_clear(error);
	return true;
}

/* What is only looked at brings no hooks. */
static bool pays_hooks(const struct options *options)
{
	return options->command->access == COMMAND_WRITES && options->command->bit != COMMAND_KEYS
	       && !options->dry_run;
}

static void carry_out(const struct call *call, struct identity *identity, struct result *result)
{
	const struct command *command = call->options->command;
	const struct hooks hooks = { call, identity, result };
	const bool pays = pays_hooks(call->options);
	struct error interrupted = ERROR_INIT;

	if (pays && !hooks_pay(&hooks, &result->error))
		return;
	(void)!command->run(call, identity, result, &result->error);
	if (pays && !result->interrupted)
		(void)!hooks_pay(&hooks, &interrupted); /* the result says so */
	hooks_conclude(result);
}

int visit(const struct call *call, const struct identity_settings *settings, cJSON **ret_report)
{
	const struct command *command = call->options->command;
	scoped(result) struct result result = result_new();
	scoped(identity) struct identity identity = { .lock = -1 };
	int64_t began = clock_milliseconds();
	bool opened;

	console_enter(call->console, settings->name);
	opened = run_id_make(result.run_id, &result.error)
		 && open_identity(command, settings, &identity, &result.error);

	if (opened) {
		tell_damage(call, &identity);
		carry_out(call, &identity, &result);
		tell_audit_head(call, &identity);
		metrics_observe(call->metrics, &identity);
	}
	result.total_milliseconds = clock_milliseconds() - began;
	visit_tell(call, &result);
	console_enter(call->console, NULL);
	*ret_report = report_json(call->options, settings, opened ? &identity : NULL, &result);
	return result_exit_status(&result, call->options->detailed_exitcode);
}

int visit_all(const struct call *call, const struct config *config, cJSON **ret_report)
{
	cJSON *identities = cJSON_CreateArray();
	int status = -1;

	for (size_t i = 0; i < config->count && !ending_signals_are_waiting(); i++) {
		cJSON *report = NULL;
		int each = visit(call, &config->identities[i], &report);

		status = status < 0 ? each : result_worse_status(status, each);
		(void)cJSON_AddItemToArray(identities, report);
	}
	status = status < 0 ? 0 : status;
	*ret_report = report_json_all(call->options, identities, status);
	return status;
}

static struct metrics *open_metrics(const struct call *call, const struct config *config)
{
	struct metrics *metrics = NULL;
	struct error error = ERROR_INIT;

	if (call->options->command->access == COMMAND_WRITES
	    && !metrics_open(config, &metrics, &error))
		console_print(call->console, "%s", error.message);
	return metrics;
}

static void write_metrics(const struct call *call, struct metrics *metrics)
{
	struct error error = ERROR_INIT;

	if (!metrics_write(metrics, &error))
		console_print(call->console, "%s", error.message);
}

int visit_configured(const struct call *call, const struct config *config,
    const struct identity_settings *settings, cJSON **ret_report)
{
	scoped(metrics) struct metrics *metrics = NULL;
	struct call observed = *call;
	int status;

	if (!settings)
		return visit_chosen(call, config, config, ret_report);
	metrics = open_metrics(call, config);
	observed.metrics = metrics;
	status = visit(&observed, settings, ret_report);
	write_metrics(call, metrics);
	return status;
}

int visit_chosen(const struct call *call, const struct config *config, const struct config *chosen,
    cJSON **ret_report)
{
	scoped(metrics) struct metrics *metrics = open_metrics(call, config);
	struct call observed = *call;
	int status;

	observed.metrics = metrics;
	status = visit_all(&observed, chosen, ret_report);
	write_metrics(call, metrics);
	return status;
}
