#include "agent/visit.h"

#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/config/config.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/metrics/metrics.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/report/report.h"
#include "agent/state/audit.h"
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
		(void)!command->run(call, &identity, &result, &result.error);
		tell_audit_head(call, &identity);
		metrics_observe(call->metrics, &identity);
	}
	result.total_milliseconds = clock_milliseconds() - began;
	visit_tell(call, &result);
	console_enter(call->console, NULL);
	*ret_report = report_json(call->options, settings, opened ? &identity : NULL, &result);
	return result_exit_status(&result, call->options->detailed_exitcode);
}

/* The metrics are about all that is configured, whatever this was about. */
int visit_configured(const struct call *call, const struct config *config,
    const struct identity_settings *settings, cJSON **ret_report)
{
	scoped(metrics) struct metrics *metrics = NULL;
	struct error error = ERROR_INIT;
	struct call observed = *call;
	int status;

	if (call->options->command->access == COMMAND_WRITES
	    && !metrics_open(config, &metrics, &error))
		console_print(call->console, "%s", error.message);
	observed.metrics = metrics;
	status = settings ? visit(&observed, settings, ret_report)
			  : visit_all(&observed, config, ret_report);
	if (!metrics_write(metrics, &error))
		console_print(call->console, "%s", error.message);
	return status;
}

int visit_all(const struct call *call, const struct config *config, cJSON **ret_report)
{
	cJSON *identities = cJSON_CreateArray();
	int status = -1;

	for (size_t i = 0; i < config->count; i++) {
		cJSON *report = NULL;
		int each = visit(call, &config->identities[i], &report);

		status = status < 0 ? each : result_worse_status(status, each);
		(void)cJSON_AddItemToArray(identities, report);
	}
	status = status < 0 ? 0 : status;
	*ret_report = report_json_all(call->options, identities, status);
	return status;
}
