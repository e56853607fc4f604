#include "agent/plan/plan_report.h"

#include "base/clock.h"
#include "base/duration.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <string.h>

#define BAR 40 /* characters */

static size_t count_of(const struct plan *plan, enum host_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->statuses.count; i++)
		count += plan->statuses.list[i].state == state;
	return count;
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* These are other people's: no escape sequence of theirs reaches the terminal. */
static void print_name(FILE *stream, const char *name, int width)
{
	char shown[FLEET_NAME_SIZE];

	(void)text_format(shown, sizeof(shown), "%s", name);
	for (char *at = shown; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	fprintf(stream, "  %-*s", width, shown);
}

static int widest_host(const struct host_status_list *statuses)
{
	size_t most = 0;

	for (size_t i = 0; i < statuses->count; i++)
		if (strlen(statuses->list[i].of->host) > most)
			most = strlen(statuses->list[i].of->host);
	return most < 40 ? (int)most : 40;
}

static void print_moments(FILE *stream, const struct plan *plan)
{
	const int width = widest_host(&plan->statuses);

	for (size_t i = 0; i < plan->statuses.count; i++) {
		const struct host_status *status = &plan->statuses.list[i];
		char text[CLOCK_TEXT_SIZE] = "-";

		if (status->state == HOST_RENEWS)
			clock_format(status->at, text);
		fprintf(stream, "%-20s", text);
		print_name(stream, status->of->host, width);
		print_name(stream, status->of->identity, 0);
		clock_format(status->planned, text);
		if (status->state == HOST_NEEDS_TOKEN)
			fputs("  needs a one-time token", stream);
		else if (status->state == HOST_UNKNOWN)
			fputs("  its state is not known", stream);
		else if (status->planned < status->at)
			fprintf(stream, "  overdue since %s", text);
		fputc('\n', stream);
	}
}

static void print_histogram(FILE *stream, const struct load *load)
{
	static const char bar[BAR + 1] = "########################################";
	char span[32];

	duration_format(load->seconds, span, sizeof(span));
	fprintf(stream, "\nfrom, for %-10s  renewals  requests\n", span);
	for (size_t i = 0; i < load->count; i++) {
		const struct load_span *each = &load->spans[i];
		int length = (int)((each->renewals * BAR + load->most - 1) / load->most);
		char text[CLOCK_TEXT_SIZE];

		clock_format(each->from, text);
		fprintf(stream, "%s  %8zu  %8zu  %.*s\n", text, each->renewals,
		    each->renewals * LOAD_REQUESTS, length, bar);
	}
}

static void describe_limit(const struct load *load, struct text_buffer *text)
{
	char first[CLOCK_TEXT_SIZE];
	char last[CLOCK_TEXT_SIZE];

	if (load->count == 0)
		return;
	(void)text_printf(text, "; the gateway's limit (%d requests, %d more every %d s) is ",
	    LOAD_CAPACITY, LOAD_REFILL, LOAD_REFILL_SECONDS);
	if (load->refused == 0) {
		clock_format(load->least_left_at, first);
		(void)text_printf(text, "kept: %lld are left at the least, at %s",
		    (long long)load->least_left, first);
		return;
	}
	clock_format(load->first_refused, first);
	clock_format(load->last_refused, last);
	(void)text_printf(text,
	    "EXCEEDED between %s and %s: %zu renewal%s would be refused, and tried again later",
	    first, last, load->refused, plural(load->refused));
}

void plan_report_summary(const struct plan *plan, char summary[PLAN_SUMMARY_SIZE])
{
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(PLAN_SUMMARY_SIZE - 1);
	const size_t renewals = count_of(plan, HOST_RENEWS);
	const size_t needing = count_of(plan, HOST_NEEDS_TOKEN);
	const size_t unknown = count_of(plan, HOST_UNKNOWN);

	(void)text_printf(&text, "%zu renewal%s", renewals, plural(renewals));
	if (needing > 0)
		(void)text_printf(
		    &text, ", %zu need%s a one-time token", needing, needing == 1 ? "s" : "");
	if (unknown > 0)
		(void)text_printf(&text, ", %zu of which the state is not known", unknown);
	describe_limit(&plan->load, &text);
	(void)text_format(summary, PLAN_SUMMARY_SIZE, "%s", text.data);
}

void plan_report_text(FILE *stream, const struct plan *plan)
{
	char summary[PLAN_SUMMARY_SIZE];

	print_moments(stream, plan);
	if (plan->load.count > 0)
		print_histogram(stream, &plan->load);
	plan_report_summary(plan, summary);
	fprintf(stream, "%s%s\n", plan->statuses.count > 0 ? "\n" : "", summary);
}

static void add_moments(cJSON *object, const struct plan *plan)
{
	static const char *const states[] = {
		[HOST_RENEWS] = "renews",
		[HOST_NEEDS_TOKEN] = "re-enrolment-needed",
		[HOST_UNKNOWN] = "unknown",
	};
	cJSON *list = json_add_array(object, "moments");

	for (size_t i = 0; i < plan->statuses.count; i++) {
		const struct host_status *status = &plan->statuses.list[i];
		const bool renews = status->state == HOST_RENEWS;
		cJSON *member = json_new_object();

		json_add_string(member, "host", status->of->host);
		json_add_string(member, "identity", status->of->identity);
		json_add_string(member, "state", states[status->state]);
		json_add_time(member, "at", renews ? status->at : 0);
		json_add_boolean(member, "overdue", renews && status->planned < status->at);
		json_add_time(member, "planned", renews ? status->planned : 0);
		(void)cJSON_AddItemToArray(list, member);
	}
}

static void add_histogram(cJSON *object, const struct load *load)
{
	cJSON *list = json_add_array(object, "histogram");

	for (size_t i = 0; i < load->count; i++) {
		int64_t renewals = (int64_t)load->spans[i].renewals;
		cJSON *member = json_new_object();

		json_add_time(member, "from", load->spans[i].from);
		json_add_integer(member, "renewals", renewals);
		json_add_integer(member, "requests", renewals * LOAD_REQUESTS);
		json_add_integer(member, "connections", renewals * LOAD_CONNECTIONS);
		(void)cJSON_AddItemToArray(list, member);
	}
}

static void add_limit(cJSON *object, const struct load *load)
{
	cJSON *limit = json_add_object(object, "limit");

	json_add_integer(limit, "requests", LOAD_CAPACITY);
	json_add_integer(limit, "refill", LOAD_REFILL);
	json_add_integer(limit, "refill_seconds", LOAD_REFILL_SECONDS);
	json_add_boolean(limit, "exceeded", load->refused > 0);
	json_add_integer(limit, "refused_renewals", (int64_t)load->refused);
	json_add_time(limit, "first_refused", load->first_refused);
	json_add_time(limit, "last_refused", load->last_refused);
	json_add_integer(limit, "least_left", load->least_left);
	json_add_time(limit, "least_left_at", load->least_left_at);
}

void plan_report_json(cJSON *object, const struct plan *plan)
{
	json_add_time(object, "now", plan->now);
	json_add_integer(object, "refused", (int64_t)plan->refused);
	json_add_integer(object, "renewals", (int64_t)count_of(plan, HOST_RENEWS));
	json_add_integer(object, "bucket_seconds", plan->load.seconds);
	add_moments(object, plan);
	add_histogram(object, &plan->load);
	add_limit(object, &plan->load);
}
