#include "agent/audit/audit.h"
#include "agent/audit/audit_verify.h"
#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/x509/certificate.h"
#include "base/json.h"
#include "base/text.h"

#include <inttypes.h>

static void add_count(cJSON *object, const char *name, int64_t count)
{
	if (count != 0)
		json_add_integer(object, name, count);
	else
		json_add_string(object, name, NULL);
}

/* What the log must have: a run that was cut behind the activation is not done with it. */
static bool wants_activation(const struct identity *identity, const struct audit_findings *findings)
{
	return identity->active.number != 0 && identity->journal.phase != PHASE_PROVEN
	       && findings->broken_at == 0;
}

static bool has_activation(const struct identity *identity, const struct audit_findings *findings)
{
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];

	certificate_sha256(identity->active.certificate, sha256);
	return text_equal(findings->activated, sha256);
}

static cJSON *findings_json(const struct audit_remembered *remembered,
    const struct audit_findings *findings, const struct identity *identity)
{
	cJSON *object = json_new_object();

	json_add_integer(object, "count", findings->count);
	json_add_string(object, "sha256", findings->sha256[0] ? findings->sha256 : NULL);
	json_add_integer(object, "repairs", findings->repairs);
	json_add_boolean(object, "begins_anew", findings->begins_anew);
	json_add_integer(object, "torn_bytes", findings->torn_bytes);
	json_add_string(
	    object, "remembered_head", remembered->sha256[0] ? remembered->sha256 : NULL);
	add_count(object, "remembered_at", findings->remembered_at);
	add_count(object, "broken_at", findings->broken_at);
	if (wants_activation(identity, findings))
		json_add_boolean(object, "active_logged", has_activation(identity, findings));
	else
		json_add_string(object, "active_logged", NULL);
	return object;
}

/* What was found of the remembered head, which is in the chain. */
static void describe_remembered(const struct audit_findings *findings, struct text_buffer *message)
{
	if (findings->remembered_at == 0)
		return;
	if (findings->remembered_at == findings->count)
		text_printf(message, "; the remembered head is the head");
	else
		text_printf(message,
		    "; the remembered head is an ancestor, line %" PRId64 ", %" PRId64
		    " were added since",
		    findings->remembered_at, findings->count - findings->remembered_at);
}

/* No failure: after a log was put away by hand it is so until the next renewal. */
static void describe_activation(const struct identity *identity,
    const struct audit_findings *findings, struct text_buffer *message)
{
	if (wants_activation(identity, findings) && !has_activation(identity, findings))
		text_printf(message,
		    "; WARNING: it does not tell of the active certificate, generation %" PRIu32
		    ": unless the log was put away by hand since, its events are lost; hold a head "
		    "that was remembered elsewhere against it (--head)",
		    identity->active.number);
}

static void describe(const struct identity *identity, const struct audit_findings *findings,
    char *target, size_t size)
{
	scoped(text) struct text_buffer message = TEXT_BUFFER_INIT(ERROR_MESSAGE_SIZE);

	if (findings->count == 0)
		text_printf(&message, identity->active.number == 0 ? "no event has been logged yet"
								   : "the audit log has no event");
	else
		text_printf(&message, "the audit log is whole: %" PRId64 " event%s, head %s",
		    findings->count, findings->count == 1 ? "" : "s", findings->sha256);
	describe_remembered(findings, &message);
	if (findings->begins_anew)
		text_printf(&message, "; it begins anew after a damaged file that was set aside");
	if (findings->torn_bytes != 0)
		text_printf(
		    &message, "; a crash has torn a last line, which the next event repairs");
	describe_activation(identity, findings, &message);
	(void)text_format(target, size, "%s", message.data);
}

bool command_audit(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	const struct audit_remembered *remembered = &call->options->head;
	struct audit_findings findings = { .count = 0 };
	bool whole;

	/* Without a state directory there is no log, which is cut if a line of it is remembered. */
	if (!identity->store && remembered->sha256[0])
		return error_set(error, ERROR_VERIFICATION,
		    "%s has no state directory, and so no audit log", identity->settings->name);
	whole = !identity->store || audit_verify(identity->store, remembered, &findings, error);
	if (whole || error->kind == ERROR_VERIFICATION)
		result->audit = findings_json(remembered, &findings, identity);
	if (!whole)
		return false;
	describe(identity, &findings, result->message, sizeof(result->message));
	if (!call->options->json)
		printf("%s: %s\n", identity->settings->name, result->message);
	return true;
}
