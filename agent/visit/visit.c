#include "agent/visit/visit.h"

#include "agent/audit/audit.h"
#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/hooks/hooks.h"
#include "agent/identity/identity.h"
#include "agent/identity/rest.h"
#include "agent/identity/result.h"
#include "agent/metrics/metrics.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/report/message_ids.h"
#include "agent/report/report.h"
#include "agent/supervisor/ending_signals.h"
#include "agent/visit/gateway_news.h"
#include "agent/x509/certificate.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#include <inttypes.h>

static const char *message_id(const struct result *result)
{
	if (result->reason == REASON_LATCHED)
		return MESSAGE_ID_PIN_LATCHED;
	if (result->error.kind != ERROR_NONE)
		return error_exit_status(result->error.kind) == error_exit_status(ERROR_REENROLL)
			   ? MESSAGE_ID_REENROLL
			   : MESSAGE_ID_FAILED;
	if (result->reason == REASON_RENEWED || result->reason == REASON_RESUMED)
		return MESSAGE_ID_RENEWED;
	return result->reason != REASON_NONE && !result->changed ? MESSAGE_ID_NOTHING_TO_DO : NULL;
}

static enum log_level level(const struct call *call, const struct result *result)
{
	const struct command *command = call->options->command;

	if (result->error.kind != ERROR_NONE)
		return LOG_LEVEL_ERROR;
	if (command && result->message[0] && command->access == COMMAND_WRITES
	    && (result->changed || call->console->terminal
		|| command->bit != COMMAND_KEYS)) /* it has said it on stdout */
		return result_hook_failed(result) ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
	return LOG_LEVEL_DEBUG;
}

void visit_tell(const struct call *call, const struct result *result)
{
	const struct command *command = call->options->command;
	const bool failed = result->error.kind != ERROR_NONE;
	const struct log_end end = {
		.command = command ? command->name : NULL,
		.reason = result_reason_name(result->reason),
		.error_class = failed ? error_class(result->error.kind) : NULL,
		.exit_status = result_exit_status(result, call->options->detailed_exitcode),
		.changed = result->changed,
	};

	console_end(call->console, level(call, result), message_id(result), &end,
	    failed ? result->error.message : result->message);
}

/* "" without an active generation, or a CA of it. */
static void read_issuer(const struct identity *identity, char sha256[CERTIFICATE_SHA256_TEXT_SIZE])
{
	sha256[0] = '\0';
	if (identity->active.number != 0 && sk_X509_num(identity->active.chain) > 0)
		certificate_sha256(sk_X509_value(identity->active.chain, 0), sha256);
}

static void tell_ca_change(const struct call *call, const char *before, const char *after)
{
	if (before[0] && after[0] && !text_equal(before, after))
		console_event(call->console, LOG_LEVEL_WARNING, MESSAGE_ID_CA_CHANGED,
		    "another CA certificate issues now: %s, before: %s", after, before);
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
	identity_unopened(settings, error, identity);
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
	struct gateway_news gateway;
	char before[CERTIFICATE_SHA256_TEXT_SIZE];
	char after[CERTIFICATE_SHA256_TEXT_SIZE];

	if (pays && !hooks_pay(&hooks, &result->error))
		return;
	read_issuer(identity, before);
	gateway = gateway_news_begin(identity);
	(void)!command->run(call, identity, result, &result->error);
	read_issuer(identity, after);
	tell_ca_change(call, before, after);
	gateway_news_tell(&gateway, call, identity);
	if (pays && !result->interrupted)
		(void)!hooks_pay(&hooks, &interrupted); /* the result says so */
	hooks_conclude(result);
}

/* A run that says what it finds in detail has to look. */
static bool may_rest(const struct call *call)
{
	const struct options *options = call->options;

	return options->command->bit == COMMAND_RENEW && !options->force && !options->dry_run
	       && !options->retry_pin && !options->json && !options->verbose && !call->metrics;
}

static bool is_at_rest(
    const struct call *call, const struct identity_settings *settings, struct result *result)
{
	char message[REST_MESSAGE_SIZE];

	if (!may_rest(call) || !rest_find(settings, clock_now(), message))
		return false;
	result->reason = REASON_NOT_DUE;
	return text_copy(result->message, sizeof(result->message), message);
}

static void note_rest(
    const struct call *call, const struct identity *identity, const struct result *result)
{
	if (may_rest(call) && result->error.kind == ERROR_NONE && !result->changed
	    && result->reason == REASON_NOT_DUE)
		rest_note(identity, clock_now(), result->message);
}

static void visit_opened(const struct call *call, struct identity *identity, struct result *result)
{
	tell_damage(call, identity);
	carry_out(call, identity, result);
	tell_audit_head(call, identity);
	metrics_observe(call->metrics, identity);
	note_rest(call, identity, result);
}

int visit_for(const struct call *call, const struct identity_settings *settings,
    struct result *result, cJSON **ret_report)
{
	scoped(identity) struct identity identity;
	int64_t began = clock_milliseconds();
	bool named;
	bool opened;

	identity_empty(&identity);
	named = run_id_make(result->run_id, &result->error);
	console_enter(call->console, settings->name, result->run_id);
	console_explain(call->console, "run %s", result->run_id);
	opened = named && !is_at_rest(call, settings, result)
		 && open_identity(call->options->command, settings, &identity, &result->error);
	if (opened)
		visit_opened(call, &identity, result);
	result->total_milliseconds = clock_milliseconds() - began;
	visit_tell(call, result);
	console_enter(call->console, NULL, NULL);
	*ret_report = NULL;
	if (call->options->json)
		*ret_report =
		    report_json(call->options, settings, opened ? &identity : NULL, result);
	return result_exit_status(result, call->options->detailed_exitcode);
}

int visit(const struct call *call, const struct identity_settings *settings, cJSON **ret_report)
{
	scoped(result) struct result result = result_new();

	return visit_for(call, settings, &result, ret_report);
}
