#include "agent/audit/audit.h"
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/report/report.h"
#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>

#define SPAN_SIZE 32

const char *report_state(const struct identity *identity, int64_t now)
{
	struct error ignored = ERROR_INIT;
	enum reason reason;

	if (identity->active.number == 0)
		return "none";
	if (now > identity->not_after || decide_needs_enrolment(identity, now, &reason, &ignored))
		return "re-enrolment-needed";
	if (journal_is_renewing(&identity->journal))
		return "renewing";
	return now >= identity->schedule.due ? "due" : "ok";
}

/* "  valid until     2027-02-18T21:59:54Z" */
static void line(FILE *stream, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
static void line(FILE *stream, const char *name, const char *format, ...)
{
	va_list values;

	fprintf(stream, "  %-14s ", name);
	va_start(values, format);
	vfprintf(stream, format, values);
	va_end(values);
	fputc('\n', stream);
}

/* "in 3 d 4 h", "2 h 5 min ago" */
static void format_distance(int64_t moment, int64_t now, char text[SPAN_SIZE])
{
	char span[SPAN_SIZE - 8];

	duration_format(moment > now ? moment - now : now - moment, span, sizeof(span));
	text_format(text, SPAN_SIZE, moment > now ? "in %s" : "%s ago", span);
}

/* "2027-02-18T21:59:54Z, in 89 d 23 h" and what else there is to say */
static void moment_line(
    FILE *stream, const char *name, int64_t moment, int64_t now, const char *remark)
{
	char text[CLOCK_TEXT_SIZE];
	char span[SPAN_SIZE];

	clock_format(moment, text);
	format_distance(moment, now, span);
	line(stream, name, "%s, %s%s", text, span, remark);
}

static void name_line(FILE *stream, const char *title, const X509_NAME *name)
{
	struct error error = ERROR_INIT;
	scoped(char) char *text = NULL;

	line(stream, title, "%s", subject_format(name, &text, &error) ? text : error.message);
}

static const char *why_then(const struct identity *identity, int64_t now)
{
	if (decide_next_renewal(identity, now) > identity->schedule.due)
		return now >= identity->schedule.due ? " (due; waiting for its window)"
						     : " (in its window)";
	if (identity->distrusted)
		return " (its CA is distrusted)";
	if (identity->schedule.regular != 0)
		return " (brought forward: the gateway does not name our issuer)";
	return identity->schedule.limited_by_ca ? " (the CA ends before, and came again)" : "";
}

static void show_issuer(FILE *stream, const struct generation *active)
{
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];

	name_line(stream, "issuer", X509_get_issuer_name(active->certificate));
	if (sk_X509_num(active->chain) == 0)
		return;
	certificate_sha256(sk_X509_value(active->chain, 0), sha256);
	line(stream, "issuer sha256", "%s", sha256);
	if (active->replaced_issuer[0])
		line(stream, "issuer before", "%s, %s", active->replaced_issuer,
		    active->replaced_issuer_had_same_key ? "of the same key" : "of another key");
}

static void show_certificate(FILE *stream, const struct identity *identity, int64_t now)
{
	const struct generation *active = &identity->active;
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];

	certificate_sha256(active->certificate, sha256);
	name_line(stream, "subject", X509_get_subject_name(active->certificate));
	show_issuer(stream, active);
	moment_line(stream, "valid from", identity->not_before, now, "");
	moment_line(stream, "valid until", identity->not_after, now,
	    now > identity->not_after ? ": EXPIRED" : "");
	moment_line(stream, "next renewal", decide_next_renewal(identity, now), now,
	    why_then(identity, now));
	moment_line(stream, "active since", active->activated, now, "");
	line(stream, "generation", "%" PRIu32 "%s%s", active->number,
	    active->adopted ? ", adopted" : "", active->revoked ? ", REVOKED" : "");
	line(stream, "sha256", "%s", sha256);
	line(stream, "key", "RSA %u", certificate_key_bits(active->certificate));
	line(stream, "key uri", "%s", active->key_uri);
}

static void show_urls(FILE *stream, const struct identity *identity)
{
	const struct generation *active = &identity->active;

	line(stream, "connector", "%s",
	    active->connector_url ? active->connector_url : identity->settings->connector_url);
	if (active->director_url)
		line(stream, "director", "%s", active->director_url);
}

static void show_runs(FILE *stream, const struct identity *identity, int64_t now)
{
	const struct journal *journal = &identity->journal;
	int64_t next = decide_next_attempt(identity, now);

	if (journal_is_renewing(journal))
		line(stream, "under way",
		    "generation %" PRIu32 " has come to %s; the next run goes on",
		    journal->generation, journal_phase_name(journal->phase));
	if (journal->last_run != 0)
		moment_line(stream, "last run", journal->last_run, now,
		    journal->last_error_at != 0 ? ": failed" : ": ok");
	if (journal->last_signer[0])
		line(stream, "signer", "%s", journal->last_signer);
	if (journal->last_error_at != 0)
		line(stream, "last error", "%s", journal->last_message);
	if (next != 0)
		moment_line(stream, "next attempt", next, now, "");
	if (identity->journal_damaged)
		line(stream, "journal", "damaged; the next run sets it aside and goes on");
}

static void show_spare(FILE *stream, const struct identity *identity)
{
	const struct journal *journal = &identity->journal;

	if (journal_has_spare(journal))
		line(stream, "spare key", "RSA %u, for generation %" PRIu32, journal->key_bits,
		    journal->generation);
	else if (journal->spare)
		line(stream, "spare key", "in the making; the next run goes on");
	else if (identity->settings->spare_key)
		line(stream, "spare key", "none");
	if (identity->settings->spare_key && journal->spare_message[0])
		line(stream, "", "could not be made: %s", journal->spare_message);
}

static void describe_debt(const struct debt *debt, char *target, size_t size)
{
	static const char *const deeds[DEBT_KIND_COUNT] = {
		[DEBT_DESTROY_KEY] = "destroy the key",
		[DEBT_REVOKE] = "revoke the certificate",
		[DEBT_STORE] = "store in the token the certificate",
		[DEBT_HOOK] = "hook",
	};

	if (debt->kind == DEBT_HOOK)
		text_format(target, size, "%s %s", deeds[debt->kind], hook_event_name(debt->event));
	else
		text_format(
		    target, size, "%s of generation %" PRIu32, deeds[debt->kind], debt->generation);
}

static void show_debts(FILE *stream, const struct debts *debts)
{
	char deed[64];

	for (size_t i = 0; i < debts->count; i++) {
		const struct debt *debt = &debts->list[i];

		describe_debt(debt, deed, sizeof(deed));
		line(stream, i == 0 ? "still owed" : "", "%s%s%s", deed,
		    debt->last_error[0] ? ": " : "", debt->last_error);
	}
}

static void show_audit(FILE *stream, const struct identity *identity)
{
	struct audit_head head = { .count = 0 };
	struct error error = ERROR_INIT;

	if (!identity->store)
		return;
	if (!audit_read_head(identity->store, &head, &error))
		line(stream, "audit log", "%s", error.message);
	else if (head.count != 0)
		line(stream, "audit log", "%" PRId64 " event%s, head %s", head.count,
		    head.count == 1 ? "" : "s", head.sha256);
}

void report_status(FILE *stream, const struct identity *identity, int64_t now)
{
	fprintf(stream, "%s: %s\n", identity->settings->name, report_state(identity, now));
	if (identity->active.number != 0)
		show_certificate(stream, identity, now);
	show_urls(stream, identity);
	report_gateway(stream, identity, now);
	show_runs(stream, identity, now);
	show_spare(stream, identity);
	show_debts(stream, &identity->debts);
	show_audit(stream, identity);
}

/* What a person wants to see first: the key cannot have left the token. */
static void print_attributes(FILE *stream, const cJSON *attributes)
{
	static const struct {
		const char *name;
		const char *when_true, *when_false;
	} words[] = {
		{ "sensitive", "sensitive", "NOT SENSITIVE" },
		{ "extractable", "EXTRACTABLE", "not extractable" },
		{ "never_extractable", "never was", "WAS EXTRACTABLE ONCE" },
		{ "local", "made in the token", "not said to be made in the token" },
	};
	const char *separator = "";

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		const cJSON *value = json_member(attributes, words[i].name);

		if (!cJSON_IsBool(value))
			continue;
		fprintf(stream, "%s%s", separator,
		    cJSON_IsTrue(value) ? words[i].when_true : words[i].when_false);
		separator = ", ";
	}
	fputc('\n', stream);
}

static void print_key(FILE *stream, const cJSON *key)
{
	const char *role = json_string(key, "role");
	const char *label = json_string(key, "label");
	const char *id = json_string(key, "id");
	const char *uri = json_string(key, "uri");
	const char *sha256 = json_string(key, "certificate_sha256");
	int64_t generation = 0;
	int64_t bits = 0;

	(void)json_integer(key, "generation", &generation);
	(void)json_integer(key, "bits", &bits);
	fprintf(stream, "  %-9s", role ? role : "?");
	if (!id && uri) {
		fprintf(stream,
		    "generation %" PRId64 ", RSA %" PRId64
		    "  adopted, not in the token\n  %-9s%s\n",
		    generation, bits, "", uri);
		return;
	}
	if (!id) {
		fputs("an object without a name: another program's in the making, or what "
		      "a crash left\n",
		    stream);
		return;
	}
	if (generation != 0)
		fprintf(stream, "generation %" PRId64 ", ", generation);
	fprintf(stream, "RSA %" PRId64 "  %s\n  %-9sid %s\n  %-9s", bits, label ? label : "", "",
	    id, "");
	print_attributes(stream, json_member(key, "attributes"));
	if (json_boolean(key, "certificate_stored", false) && sha256)
		fprintf(stream, "  %-9scertificate %s beside it\n", "", sha256);
}

void report_keys(FILE *stream, const struct identity *identity, const cJSON *keys)
{
	const cJSON *key;

	fprintf(stream, "%s: %d in %s\n", identity->settings->name, cJSON_GetArraySize(keys),
	    identity->settings->token);
	cJSON_ArrayForEach (key, keys) {
		print_key(stream, key);
	}
}
