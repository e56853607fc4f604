#include "agent/report/report.h"

#include "base/json.h"
#include "base/scoped.h"
#include "tests/unit/report_scene.h"
#include "tests/unit/time_units.h"

#include <stdlib.h>

static int set_up(void **state)
{
	struct host *host;

	(void)report_set_up(state);
	host = *state;
	host->identity.gateway = (struct gateway){
		.seen = NOW - 60,
		.generation = 3,
		.names = cJSON_Parse("[\"CN=a\", \"CN=b\"]"),
		.name_count = 2,
		.server_end = NOW + 90 * DAY,
		.has_date = true,
	};
	return 0;
}

static int tear_down(void **state)
{
	struct host *host = *state;

	gateway_clear(&host->identity.gateway);
	return report_tear_down(state);
}

static void assert_reads(const struct host *host, const char *expected)
{
	cJSON *object = report_gateway_json(&host->identity, NOW);
	char *text = json_print(object);

	assert_string_equal(text, expected);
	free(text);
	cJSON_Delete(object);
}

static void assert_shows_just(const struct host *host, const char *expected)
{
	scoped(char) char *text = shown_by(report_gateway, host);

	assert_string_equal(text, expected);
}

static void what_is_well_is_said_shortly(void **state)
{
	const struct host *host = *state;

	assert_reads(host,
	    "{\"seen\":\"2027-01-15T07:59:00Z\",\"acceptable_cas\":[\"CN=a\",\"CN=b\"],"
	    "\"acceptable_ca_count\":2,\"issuer_accepted\":true,\"issuer_missing_since\":null,"
	    "\"server_certificate_end\":\"2027-04-15T08:00:00Z\",\"clock_ahead_seconds\":0,"
	    "\"last_probe\":null,\"next_probe\":null}");
	assert_shows_just(host,
	    "  gateway        accepts 2 CAs, our issuer among them (seen 2027-01-15T07:59:00Z)\n"
	    "  server         ends 2027-04-15T08:00:00Z\n");
}

static void what_is_not_well_is_shown(void **state)
{
	struct host *host = *state;

	host->identity.gateway.missing_since = NOW - DAY;
	host->identity.gateway.server_end = NOW + 13 * DAY;
	host->identity.gateway.clock_ahead = -3600;
	assert_shows_just(host,
	    "  gateway        accepts 2 CAs, OUR ISSUER NOT AMONG THEM since 2027-01-14T08:00:00Z "
	    "(seen 2027-01-15T07:59:00Z)\n"
	    "  server         ends 2027-01-28T08:00:00Z: SOON\n"
	    "  clock          was 1 h behind the Connector's\n");
}

static void what_nothing_is_known_of_is_null(void **state)
{
	struct host *host = *state;

	gateway_clear(&host->identity.gateway);
	assert_reads(host,
	    "{\"seen\":null,\"acceptable_cas\":[],\"acceptable_ca_count\":0,"
	    "\"issuer_accepted\":null,\"issuer_missing_since\":null,"
	    "\"server_certificate_end\":null,\"clock_ahead_seconds\":null,\"last_probe\":null,"
	    "\"next_probe\":null}");
	assert_shows_just(host, "");
}

/* A new generation has not met the gateway yet. */
static void of_another_generation_nothing_is_said(void **state)
{
	struct host *host = *state;
	cJSON *object;

	host->identity.gateway.missing_since = NOW - DAY;
	host->identity.active.number = 4;
	object = report_gateway_json(&host->identity, NOW);
	assert_null(json_member(object, "issuer_accepted"));
	assert_null(json_member(object, "issuer_missing_since"));
	cJSON_Delete(object);
	assert_shows_just(host, "  gateway        accepts 2 CAs (seen 2027-01-15T07:59:00Z)\n"
				"  server         ends 2027-04-15T08:00:00Z\n");
}

static void the_next_probe_is_named(void **state)
{
	struct host *host = *state;

	gateway_clear(&host->identity.gateway);
	host->settings.probe = PROBE_DAILY;
	host->identity.gateway.probe_again = NOW + 60;
	assert_shows_just(host, "  next probe     2027-01-15T08:01:00Z\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_well_is_said_shortly),
		TEST(what_is_not_well_is_shown),
		TEST(what_nothing_is_known_of_is_null),
		TEST(of_another_generation_nothing_is_said),
		TEST(the_next_probe_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
