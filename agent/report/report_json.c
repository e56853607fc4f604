#include "agent/commands/commands.h"
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/report.h"
#include "agent/audit/audit.h"
#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

#define SCHEMA_VERSION 1

static void add_error(cJSON *object, const struct error *error)
{
	cJSON *member;

	if (error->kind == ERROR_NONE) {
		json_add_string(object, "error", NULL);
		return;
	}
	member = json_add_object(object, "error");
	json_add_string(member, "class", error_class(error->kind));
	json_add_string(member, "message", error->message);
	json_add_boolean(member, "retry", error_is_temporary(error->kind));
}

static void add_name(cJSON *object, const char *member, const X509_NAME *name)
{
	struct error ignored = ERROR_INIT;
	scoped(char) char *text = NULL;

	(void)!subject_format(name, &text, &ignored);
	json_add_string(object, member, text);
}

static void add_certificate(cJSON *object, const struct identity *identity)
{
	const struct generation *active = &identity->active;
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	cJSON *member = json_add_object(object, "certificate");

	certificate_sha256(active->certificate, sha256);
	json_add_string(member, "sha256", sha256);
	add_name(member, "subject", X509_get_subject_name(active->certificate));
	add_name(member, "issuer", X509_get_issuer_name(active->certificate));
	if (sk_X509_num(active->chain) > 0)
		certificate_sha256(sk_X509_value(active->chain, 0), sha256);
	json_add_string(member, "issuer_sha256", sk_X509_num(active->chain) > 0 ? sha256 : NULL);
	json_add_boolean(member, "distrusted", identity->distrusted);
	json_add_string(member, "previous_issuer_sha256",
	    active->replaced_issuer[0] ? active->replaced_issuer : NULL);
	if (active->replaced_issuer[0])
		json_add_boolean(
		    member, "previous_issuer_same_key", active->replaced_issuer_had_same_key);
	else
		json_add_string(member, "previous_issuer_same_key", NULL);
	json_add_time(member, "not_before", identity->not_before);
	json_add_time(member, "not_after", identity->not_after);
	json_add_string(member, "key_uri", active->key_uri);
	json_add_integer(member, "key_bits", certificate_key_bits(active->certificate));
}

/* What is known from disk; all of it null without an active certificate. */
static void add_identity(
    cJSON *object, const struct identity_settings *settings, const struct identity *identity)
{
	static const struct identity nothing;
	const struct identity *known = identity ? identity : &nothing;
	const struct generation *active = &known->active;
	const char *url = active->connector_url;

	if (!url && settings)
		url = settings->connector_url;
	if (active->number != 0)
		add_certificate(object, known);
	else
		json_add_string(object, "certificate", NULL);
	json_add_time(object, "next_renewal",
	    active->number != 0 ? decide_next_renewal(known, clock_now()) : 0);
	json_add_time(
	    object, "next_attempt", identity ? decide_next_attempt(identity, clock_now()) : 0);
	json_add_string(object, "connector_url", url);
	json_add_string(object, "director_url", active->director_url);
}

static void add_timings(cJSON *object, const struct result *result)
{
	cJSON *member = json_add_object(object, "timings_ms");

	if (result->key_generation_milliseconds >= 0)
		json_add_integer(member, "key_generation", result->key_generation_milliseconds);
	else
		json_add_string(member, "key_generation", NULL);
	json_add_integer(member, "total", result->total_milliseconds);
}

static void add_debts(cJSON *object, const struct debts *debts)
{
	cJSON *list = json_add_array(object, "debts");

	for (size_t i = 0; i < debts->count; i++) {
		const struct debt *debt = &debts->list[i];
		cJSON *member = json_new_object();

		json_add_string(member, "kind", debt_kind_name(debt->kind));
		if (debt->generation != 0)
			json_add_integer(member, "generation", debt->generation);
		else
			json_add_string(member, "generation", NULL);
		json_add_string(member, "key_id", debt->key_id[0] ? debt->key_id : NULL);
		json_add_string(
		    member, "event", debt->kind == DEBT_HOOK ? hook_event_name(debt->event) : NULL);
		json_add_time(member, "since", debt->since);
		json_add_integer(member, "attempts", debt->attempts);
		json_add_time(member, "next_attempt", debt->next_attempt);
		json_add_string(
		    member, "last_error", debt->last_error[0] ? debt->last_error : NULL);
		(void)cJSON_AddItemToArray(list, member);
	}
}

/* Those that were run. */
static void add_hooks(cJSON *object, const struct result *result)
{
	cJSON *list = json_add_array(object, "hooks");

	for (unsigned event = 0; event < HOOK_EVENT_COUNT; event++) {
		const struct hook_result *hook = &result->hooks[event];
		cJSON *member;

		if (!hook->ran)
			continue;
		member = json_new_object();
		json_add_string(member, "event", hook_event_name((enum hook_event)event));
		json_add_string(member, "error", hook->error[0] ? hook->error : NULL);
		(void)cJSON_AddItemToArray(list, member);
	}
}

static void add_last_error(cJSON *object, const struct journal *journal)
{
	cJSON *member;

	if (journal->last_error_at == 0) {
		json_add_string(object, "last_error", NULL);
		return;
	}
	member = json_add_object(object, "last_error");
	json_add_time(member, "time", journal->last_error_at);
	json_add_string(member, "class", error_class(journal->last_error));
	json_add_string(member, "message", journal->last_message);
}

/* Null when there is none and none is wanted. */
static void add_spare(cJSON *object, const struct identity *identity)
{
	const struct journal *journal = &identity->journal;
	cJSON *member;

	if (!journal->spare && !identity->settings->spare_key) {
		json_add_string(object, "spare_key", NULL);
		return;
	}
	member = json_add_object(object, "spare_key");
	json_add_boolean(member, "made", journal_has_spare(journal));
	json_add_string(member, "key_id", journal->spare ? journal->key_id : NULL);
	json_add_integer(member, "attempts", journal->spare_failures);
	json_add_time(member, "next_attempt", journal->spare_next_attempt);
	json_add_string(
	    member, "last_error", journal->spare_message[0] ? journal->spare_message : NULL);
}

/* Null without a log, or one whose end cannot be read: `audit verify` says why. */
static void add_audit_head(cJSON *object, const struct identity *identity)
{
	struct audit_head head = { .count = 0 };
	struct error ignored = ERROR_INIT;
	cJSON *member;

	if (!identity || !identity->store || !audit_read_head(identity->store, &head, &ignored)
	    || head.count == 0) {
		json_add_string(object, "audit_head", NULL);
		return;
	}
	member = json_add_object(object, "audit_head");
	json_add_integer(member, "count", head.count);
	json_add_string(member, "sha256", head.sha256);
}

/* An identity that could not be read has no state to show. */
static void add_status(cJSON *object, const struct identity *identity)
{
	if (!identity) {
		json_add_string(object, "state", NULL);
		json_add_string(object, "last_run", NULL);
		json_add_string(object, "last_error", NULL);
		json_add_string(object, "spare_key", NULL);
		json_add_string(object, "gateway", NULL);
		(void)json_add_array(object, "debts");
		(void)json_add_array(object, "generations");
	} else {
		json_add_string(object, "state", report_state(identity, clock_now()));
		json_add_time(object, "last_run", identity->journal.last_run);
		add_last_error(object, &identity->journal);
		add_spare(object, identity);
		json_add_item(object, "gateway", report_gateway_json(identity, clock_now()));
		add_debts(object, &identity->debts);
		json_add_item(object, "generations", report_generations_json(identity));
	}
	add_audit_head(object, identity);
}

static cJSON *new_report(const struct options *options, const char *identity)
{
	cJSON *object = json_new_object();

	json_add_integer(object, "schema_version", SCHEMA_VERSION);
	json_add_string(object, "command", options->command ? options->command->name : NULL);
	json_add_string(object, "identity", identity);
	return object;
}

static void add_result(cJSON *object, const struct options *options, const struct result *result)
{
	bool failed = result->error.kind != ERROR_NONE;

	json_add_boolean(object, "changed", result->changed);
	json_add_boolean(object, "failed", failed);
	json_add_string(object, "msg", failed ? result->error.message : result->message);
	json_add_string(object, "reason", result_reason_name(result->reason));
	json_add_integer(
	    object, "exit_status", result_exit_status(result, options->detailed_exitcode));
	add_error(object, &result->error);
}

cJSON *report_json_head(const struct options *options, const struct result *result)
{
	cJSON *object = new_report(options, NULL);

	add_result(object, options, result);
	return object;
}

cJSON *report_json(const struct options *options, const struct identity_settings *settings,
    const struct identity *identity, const struct result *result)
{
	const unsigned command = options->command ? options->command->bit : 0;
	cJSON *object = new_report(options, settings ? settings->name : options->identity);

	json_add_string(object, "run_id", result->run_id[0] ? result->run_id : NULL);
	add_result(object, options, result);
	add_identity(object, settings, identity);
	json_add_string(object, "signer", result->signer[0] ? result->signer : NULL);
	add_timings(object, result);
	add_hooks(object, result);
	if (command == COMMAND_STATUS)
		add_status(object, identity);
	if (command == COMMAND_DOCTOR)
		json_add_item(object, "checks", report_checks_json(result));
	if (command == COMMAND_AUDIT)
		json_add_item(object, "audit",
		    result->audit ? cJSON_Duplicate(result->audit, true) : cJSON_CreateNull());
	if (command == COMMAND_KEYS) {
		if (result->keys)
			json_add_item(object, "keys", cJSON_Duplicate(result->keys, true));
		else
			(void)json_add_array(object, "keys");
	}
	return object;
}

cJSON *report_json_all(const struct options *options, cJSON *identities, int exit_status)
{
	cJSON *object = new_report(options, NULL);
	int changed = 0;
	int failed = 0;
	int count = cJSON_GetArraySize(identities);
	const cJSON *each;
	char message[96];

	cJSON_ArrayForEach (each, identities) {
		changed += json_boolean(each, "changed", false);
		failed += json_boolean(each, "failed", false);
	}
	text_format(message, sizeof(message), "%d %s: %d changed, %d failed", count,
	    count == 1 ? "identity" : "identities", changed, failed);
	json_add_boolean(object, "changed", changed > 0);
	json_add_boolean(object, "failed", failed > 0);
	json_add_string(object, "msg", message);
	json_add_string(object, "reason", result_reason_name(REASON_NONE));
	json_add_integer(object, "exit_status", exit_status);
	json_add_string(object, "error", NULL); /* each has its own */
	json_add_item(object, "identities", identities);
	return object;
}

bool report_flush(FILE *stream, struct error *error)
{
	if (fflush(stream) != 0 || ferror(stream))
		return error_set(
		    error, ERROR_STATE, "cannot write to standard output: %s", strerror(errno));
	return true;
}

bool report_print_json(FILE *stream, const cJSON *report, struct error *error)
{
	scoped(char) char *text = json_print(report);

	(void)fprintf(stream, "%s\n", text);
	return report_flush(stream, error);
}
