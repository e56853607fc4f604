#include "agent/identity/identity.h"
#include "agent/identity/notice.h"
#include "agent/policy.h"
#include "agent/report/report.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/json.h"

#include <inttypes.h>

/* Null for what nothing is known of. */
static void add_issuer(cJSON *object, const struct identity *identity)
{
	const struct gateway *gateway = &identity->gateway;
	int64_t missing = notice_issuer_missing(identity);

	if (gateway->generation != identity->active.number || gateway->name_count == 0)
		json_add_string(object, "issuer_accepted", NULL);
	else
		json_add_boolean(object, "issuer_accepted", missing == 0);
	json_add_time(object, "issuer_missing_since", missing);
}

cJSON *report_gateway_json(const struct identity *identity, int64_t now)
{
	const struct gateway *gateway = &identity->gateway;
	cJSON *object = json_new_object();

	json_add_time(object, "seen", gateway->seen);
	json_add_item(object, "acceptable_cas",
	    gateway->names ? cJSON_Duplicate(gateway->names, true) : cJSON_CreateArray());
	json_add_integer(object, "acceptable_ca_count", gateway->name_count);
	add_issuer(object, identity);
	json_add_time(object, "server_certificate_end", gateway->server_end);
	if (gateway->has_date)
		json_add_integer(object, "clock_ahead_seconds", gateway->clock_ahead);
	else
		json_add_string(object, "clock_ahead_seconds", NULL);
	json_add_time(object, "last_probe", gateway->probed);
	json_add_time(object, "next_probe", notice_next_probe(identity, now));
	return object;
}

static void show_issuer(FILE *stream, const struct identity *identity)
{
	const struct gateway *gateway = &identity->gateway;
	int64_t missing = notice_issuer_missing(identity);
	char moment[CLOCK_TEXT_SIZE];

	clock_format(missing, moment);
	if (missing != 0 && gateway->name_count == 0)
		fprintf(stream, "names no CAs now, OUR ISSUER WAS MISSING since %s", moment);
	else if (missing != 0)
		fprintf(stream, "accepts %" PRIu32 " CAs, OUR ISSUER NOT AMONG THEM since %s",
		    gateway->name_count, moment);
	else if (gateway->name_count == 0)
		fputs("names no CAs that it accepts", stream);
	else
		fprintf(stream, "accepts %" PRIu32 " CA%s%s", gateway->name_count,
		    gateway->name_count == 1 ? "" : "s",
		    gateway->generation == identity->active.number ? ", our issuer among them"
								   : "");
}

static void show_end(FILE *stream, int64_t end, int64_t now)
{
	char moment[CLOCK_TEXT_SIZE];

	clock_format(end, moment);
	fprintf(stream, "  %-14s ends %s%s\n", "server", moment,
	    end - now < POLICY_SERVER_CERTIFICATE_LEFT ? ": SOON" : "");
}

static void show_clock(FILE *stream, const struct gateway *gateway)
{
	int64_t apart = gateway->clock_ahead < 0 ? -gateway->clock_ahead : gateway->clock_ahead;
	char span[32];

	if (!gateway->has_date || apart <= POLICY_CLOCK_WORTH_NAMING)
		return;
	duration_format(apart, span, sizeof(span));
	fprintf(stream, "  %-14s was %s %s the Connector's\n", "clock", span,
	    gateway->clock_ahead > 0 ? "ahead of" : "behind");
}

void report_gateway(FILE *stream, const struct identity *identity, int64_t now)
{
	const struct gateway *gateway = &identity->gateway;
	const int64_t next = notice_next_probe(identity, now);
	char moment[CLOCK_TEXT_SIZE];

	if (gateway->seen != 0) {
		clock_format(gateway->seen, moment);
		fprintf(stream, "  %-14s ", "gateway");
		show_issuer(stream, identity);
		fprintf(stream, " (seen %s)\n", moment);
		if (gateway->server_end != 0)
			show_end(stream, gateway->server_end, now);
		show_clock(stream, gateway);
	}
	if (next != 0) {
		clock_format(next, moment);
		fprintf(stream, "  %-14s %s\n", "next probe", moment);
	}
}
