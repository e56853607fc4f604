#include "agent/metrics/metrics_text.h"

#include "base/compiler.h"
#include "base/text.h"

#include <inttypes.h>

#define PREFIX "renewal_agent_"

/* Of a row, as far as it knows: prints nothing, or a line for each set of labels. */
typedef void print_row(FILE *stream, const char *name, const struct metrics_row *row);

/* Backslash, quote and newline, as the format has it. */
static void print_escaped(FILE *stream, const char *value)
{
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", stream);
		else if (*value == '\\' || *value == '"')
			fprintf(stream, "\\%c", *value);
		else
			fputc(*value, stream);
	}
}

static void print_label(FILE *stream, const char *name, const char *value)
{
	fprintf(stream, ",%s=\"", name);
	print_escaped(stream, value);
	fputc('"', stream);
}

/* The name of an identity has no character that would need it. */
static void begin(FILE *stream, const char *name, const struct metrics_row *row)
{
	fprintf(stream, PREFIX "%s{identity=\"%s\"", name, row->identity);
}

static void end(FILE *stream, int64_t value)
{
	fprintf(stream, "} %" PRId64 "\n", value);
}

static void print_number(
    FILE *stream, const char *name, const struct metrics_row *row, int64_t value)
{
	begin(stream, name, row);
	end(stream, value);
}

static void print_moment(
    FILE *stream, const char *name, const struct metrics_row *row, int64_t moment)
{
	if (moment != 0)
		print_number(stream, name, row, moment);
}

static void readable(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_number(stream, name, row, row->sample->readable);
}

static void certificate_info(FILE *stream, const char *name, const struct metrics_row *row)
{
	const struct metrics_sample *sample = row->sample;

	if (sample->generation == 0)
		return;
	begin(stream, name, row);
	fprintf(stream, ",generation=\"%" PRIu32 "\"", sample->generation);
	print_label(stream, "sha256", sample->sha256);
	print_label(stream, "issuer_sha256", sample->issuer_sha256);
	print_label(stream, "subject", sample->subject);
	end(stream, 1);
}

static void not_before(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->not_before);
}

static void not_after(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->not_after);
}

static void chain_end(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->chain_end);
}

static void due(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->due);
}

static void under_way(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_number(stream, name, row, row->sample->renewing);
}

static void reenrolment(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_number(stream, name, row, row->sample->reenroll);
}

static void last_check(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->last_check);
}

static void last_run(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->last_run);
}

static void last_success(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->last_success);
}

static const char *class_of(enum error_kind kind)
{
	return kind == ERROR_NONE ? "ok" : error_class(kind);
}

static void last_result(FILE *stream, const char *name, const struct metrics_row *row)
{
	if (row->sample->last_run == 0)
		return;
	begin(stream, name, row);
	print_label(stream, "class", class_of(row->sample->last_error));
	end(stream, 1);
}

static void failures(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_number(stream, name, row, row->sample->failures);
}

static void next_attempt(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->next_attempt);
}

/* Several kinds have one class, which is printed at the first of them: "ok" always, another from
   its first on. */
static void renewals(FILE *stream, const char *name, const struct metrics_row *row)
{
	const uint32_t *counts = row->sample->renewals;
	bool printed[ERROR_KIND_COUNT] = { false };

	for (int kind = 0; kind < ERROR_KIND_COUNT; kind++) {
		const char *class = class_of((enum error_kind)kind);
		int64_t sum = 0;

		for (int other = kind; !printed[kind] && other < ERROR_KIND_COUNT; other++) {
			if (!text_equal(class_of((enum error_kind)other), class))
				continue;
			printed[other] = other != kind;
			sum += counts[other];
		}
		if (printed[kind] || (sum == 0 && kind != ERROR_NONE))
			continue;
		begin(stream, name, row);
		print_label(stream, "result", class);
		end(stream, sum);
	}
}

static void key_generation(FILE *stream, const char *name, const struct metrics_row *row)
{
	int64_t milliseconds = row->sample->key_generation_milliseconds;

	if (milliseconds == 0)
		return;
	begin(stream, name, row);
	fprintf(stream, "} %" PRId64 ".%03" PRId64 "\n", milliseconds / 1000, milliseconds % 1000);
}

static void last_probe(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->last_probe);
}

static void last_handshake(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->gateway_seen);
}

static void server_end(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->server_end);
}

static void issuer_missing(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->issuer_missing);
}

static void clock_ahead(FILE *stream, const char *name, const struct metrics_row *row)
{
	if (row->sample->has_clock_ahead)
		print_number(stream, name, row, row->sample->clock_ahead);
}

static void debts(FILE *stream, const char *name, const struct metrics_row *row)
{
	for (int kind = 0; kind < DEBT_KIND_COUNT; kind++) {
		begin(stream, name, row);
		print_label(stream, "kind", debt_kind_name((enum debt_kind)kind));
		end(stream, row->sample->debts[kind]);
	}
}

static void oldest_debt(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_moment(stream, name, row, row->sample->oldest_debt);
}

static void audit_events(FILE *stream, const char *name, const struct metrics_row *row)
{
	print_number(stream, name, row, row->sample->audit.count);
}

static void audit_head(FILE *stream, const char *name, const struct metrics_row *row)
{
	if (row->sample->audit.count == 0)
		return;
	begin(stream, name, row);
	print_label(stream, "sha256", row->sample->audit.sha256);
	end(stream, 1);
}

/* clang-format off */
static const struct {
	const char *name;
	const char *type;
	print_row *print;
	bool of_unreadable; /* printed of an identity whose files cannot be read, too */
	const char *help;
} families[] = {
	{ "identity_readable", "gauge", readable, true,
	  "Whether state and active certificate could be read; 0: nothing else is known of the identity." },
	{ "certificate_info", "gauge", certificate_info, false,
	  "The active certificate; issuer_sha256 names the issuing CA's certificate." },
	{ "certificate_not_before_timestamp_seconds", "gauge", not_before, false,
	  "Since when the active certificate is valid." },
	{ "certificate_expiry_timestamp_seconds", "gauge", not_after, false,
	  "When the active certificate ends." },
	{ "chain_expiry_timestamp_seconds", "gauge", chain_end, false,
	  "When the first of the active certificate and its CAs ends." },
	{ "renewal_due_timestamp_seconds", "gauge", due, false,
	  "From when on the certificate is renewed." },
	{ "renewal_under_way", "gauge", under_way, false,
	  "Whether a renewal has been begun and not been finished." },
	{ "reenrolment_needed", "gauge", reenrolment, false,
	  "Whether only a one-time token helps: no certificate, expired, revoked or refused for good." },
	{ "last_check_timestamp_seconds", "gauge", last_check, true,
	  "When a command that may change something was last at the identity, if only to find nothing to do." },
	{ "last_run_timestamp_seconds", "gauge", last_run, false,
	  "When token or Connector were last needed for a renewal or an enrolment." },
	{ "last_success_timestamp_seconds", "gauge", last_success, false,
	  "When a new certificate was last activated." },
	{ "last_result", "gauge", last_result, false,
	  "1 for how the last run ended: ok, or the class of its error." },
	{ "failures", "gauge", failures, false,
	  "Renewals that failed in a row." },
	{ "next_attempt_timestamp_seconds", "gauge", next_attempt, false,
	  "The end of a back-off; absent without one." },
	{ "renewals_total", "counter", renewals, false,
	  "Renewals and enrolments by result: ok, or the class of the error." },
	{ "key_generation_seconds", "gauge", key_generation, false,
	  "How long the token took to generate the last key." },
	{ "last_probe_timestamp_seconds", "gauge", last_probe, false,
	  "When the last daily probe was begun; absent without one." },
	{ "last_handshake_timestamp_seconds", "gauge", last_handshake, false,
	  "When the Connector's gateway was last met as the identity, whatever it answered." },
	{ "server_certificate_expiry_timestamp_seconds", "gauge", server_end, false,
	  "When the first of the gateway's certificate and its CAs ends, as of then." },
	{ "issuer_missing_since_timestamp_seconds", "gauge", issuer_missing, false,
	  "Since when the gateway has not named our issuer among the CAs that it accepts; absent otherwise." },
	{ "clock_ahead_seconds", "gauge", clock_ahead, false,
	  "By how much this host's clock was ahead of the Connector's when it last answered; negative: behind." },
	{ "debts", "gauge", debts, false,
	  "What finished renewals still owe, by kind." },
	{ "oldest_debt_timestamp_seconds", "gauge", oldest_debt, false,
	  "Since when the oldest of them is owed; absent without one." },
	{ "audit_events", "gauge", audit_events, false,
	  "Lines of the audit log; it never shrinks." },
	{ "audit_head_info", "gauge", audit_head, false,
	  "The SHA-256 of the audit log's last line, to be remembered for audit verify --head." },
};
/* clang-format on */

static void print_family(FILE *stream, size_t which, const struct metrics_row *rows, size_t count)
{
	fprintf(stream, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", families[which].name,
	    families[which].help, families[which].name, families[which].type);
	for (size_t i = 0; i < count; i++)
		if (rows[i].sample->readable || families[which].of_unreadable)
			families[which].print(stream, families[which].name, &rows[i]);
}

void metrics_text_print(FILE *stream, const struct metrics_row *rows, size_t count, int64_t now)
{
	fputs("# HELP " PREFIX "build_info The program that wrote this.\n"
	      "# TYPE " PREFIX "build_info gauge\n" PREFIX
	      "build_info{version=\"" RENEWAL_AGENT_VERSION "\"} 1\n"
	      "# HELP " PREFIX "written_timestamp_seconds When this was written.\n"
	      "# TYPE " PREFIX "written_timestamp_seconds gauge\n",
	    stream);
	fprintf(stream, PREFIX "written_timestamp_seconds %" PRId64 "\n", now);
	for (size_t which = 0; which < ARRAY_LENGTH(families); which++)
		print_family(stream, which, rows, count);
}
