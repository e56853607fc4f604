/*
 * Against real servers: the stand-in Connector.
 */
#include "transport/https.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/unit/stand_in_run.h"

#include <stdlib.h>
#include <string.h>

static struct error error;

static void assert_probe_succeeds(struct https *https)
{
	struct https_answer answer;

	assert_ok(stand_in_run_post(https, &answer, &error), &error);
	assert_int_equal(https_facts(https)->status, 200);
	assert_string_equal(answer.body, "{\"data\":{\"__typename\":\"Query\"}}");
	assert_int_equal(answer.length, strlen(answer.body));
	assert_string_equal(answer.content_type, "application/json");
}

static void two_requests_share_one_connection(void **state)
{
	scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
	const struct https_facts *facts = https_facts(https);
	scoped(cJSON) cJSON *connections = NULL;
	scoped(cJSON) cJSON *calls = NULL;

	(void)state;
	assert_probe_succeeds(https);
	assert_probe_succeeds(https);
	assert_int_equal(facts->handshakes, 1);
	assert_int_equal(facts->alert, HTTPS_ALERT_NONE);
	assert_true(facts->request_sent);
	assert_true(facts->certificate_sent);
	assert_false(facts->signing_failed);
	assert_false(facts->server_not_verified);
	assert_in_range(facts->date, clock_now() - 5, clock_now() + 5);
	connections = stand_in_ask(&stand_in, "GET", "/connections", NULL);
	calls = stand_in_ask(&stand_in, "GET", "/calls", NULL);
	assert_int_equal(cJSON_GetArraySize(connections), 1);
	assert_int_equal(cJSON_GetArraySize(calls), 2);
	assert_string_equal(
	    json_string(cJSON_GetArrayItem(calls, 1), "request_id"), "a-request-id");
}

static void both_tls_versions_are_spoken(void **state)
{
	static const char *const rows[][2] = {
		{ "{\"tls_max\":\"1.2\"}", "TLSv1.2" },
		{ "{\"tls_min\":\"1.3\",\"tls_max\":\"1.3\"}", "TLSv1.3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);

		stand_in_set(&stand_in, rows[i][0]);
		assert_probe_succeeds(https);
		assert_string_equal(https_facts(https)->tls_version, rows[i][1]);
		assert_true(https_facts(https)->certificate_sent);
	}
}

static void a_lost_answer_is_not_asked_for_again(void **state)
{
	scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
	scoped(cJSON) cJSON *calls = NULL;
	struct https_answer answer;

	(void)state;
	assert_probe_succeeds(https);
	stand_in_fault(&stand_in, "probe", "lose_answer", "");
	assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_NETWORK);
	assert_true(https_facts(https)->request_sent);
	calls = stand_in_ask(&stand_in, "GET", "/calls", NULL);
	assert_int_equal(cJSON_GetArraySize(calls), 2);
}

static void a_connection_that_ended_is_made_anew_without_resuming_it(void **state)
{
	scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
	scoped(cJSON) cJSON *calls = NULL;
	struct https_answer answer;

	(void)state;
	assert_probe_succeeds(https);
	stand_in_fault(&stand_in, "probe", "lose_answer", "");
	assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_NETWORK);
	assert_probe_succeeds(https);
	assert_int_equal(https_facts(https)->handshakes, 2);
	calls = stand_in_ask(&stand_in, "GET", "/calls", NULL);
	assert_int_equal(cJSON_GetArraySize(calls), 3);
	for (int i = 0; i < 3; i++)
		assert_false(json_boolean(cJSON_GetArrayItem(calls, i), "resumed", true));
}

static void only_https_urls_without_a_password_are_used(void **state)
{
	static const char *const urls[] = { "", "http://localhost/", "file:///etc/passwd",
		"localhost", "https://user:hunter2@localhost/" };
	scoped(https) struct https *https = stand_in_run_open(NULL);
	struct https_answer answer;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(urls); i++) {
		assert_refused(https_post(https, urls[i], NULL, "{}", 2, &answer, &error), &error,
		    ERROR_CONFIG);
		assert_null(strstr(error.message, "hunter2"));
	}
}

static void a_certificate_counts_as_sent_on_the_connection_that_it_was_sent_on(void **state)
{
	scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
	struct https_answer answer;

	(void)state;
	assert_probe_succeeds(https);
	assert_probe_succeeds(https);
	assert_true(https_facts(https)->certificate_sent);
	assert_ok(https_post(https, stand_in_text(&stand_in, "token_url"), NULL, PROBE,
		      strlen(PROBE), &answer, &error),
	    &error);
	assert_false(https_facts(https)->certificate_sent);
	assert_int_equal(https_facts(https)->status, 400);
}

static void a_redirect_is_an_answer_and_not_followed(void **state)
{
	scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
	scoped(cJSON) cJSON *calls = NULL;
	struct https_answer answer;
	char more[256];

	(void)state;
	assert_true(text_format(
	    more, sizeof(more), ",\"location\":\"%s\"", stand_in_text(&stand_in, "mtls_url")));
	stand_in_fault(&stand_in, "probe", "redirect", more);
	assert_ok(stand_in_run_post(https, &answer, &error), &error);
	assert_int_equal(https_facts(https)->status, 302);
	assert_string_equal(answer.body, "");
	calls = stand_in_ask(&stand_in, "GET", "/calls", NULL);
	assert_int_equal(cJSON_GetArraySize(calls), 1);
}

static void an_answer_of_100_megabytes_is_given_up_early(void **state)
{
	scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
	struct https_answer answer;
	int64_t before = clock_milliseconds();

	(void)state;
	stand_in_fault(&stand_in, "probe", "huge_body", "");
	assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_CONNECTOR);
	assert_non_null(strstr(error.message, "larger"));
	assert_true(clock_milliseconds() - before < 3000);
	assert_probe_succeeds(https);
}

static void an_answer_that_is_cut_is_a_matter_of_the_network(void **state)
{
	static const int places[] = { 0, 1, 20, 120 };
	static const char *const ways[] = { "close", "close_notify", "reset" };
	struct https_answer answer;
	char more[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(places) * ARRAY_LENGTH(ways); i++) {
		scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);

		assert_true(text_format(more, sizeof(more), ",\"after\":%d,\"how\":\"%s\"",
		    places[i / ARRAY_LENGTH(ways)], ways[i % ARRAY_LENGTH(ways)]));
		stand_in_fault(&stand_in, "probe", "cut", more);
		assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_NETWORK);
		assert_true(https_facts(https)->request_sent);
		assert_int_equal(https_facts(https)->alert, HTTPS_ALERT_NONE);
	}
}

static void a_connection_that_ends_before_the_request_has_sent_none(void **state)
{
	static const char *const kinds[] = { "close", "reset", "close_after_hello" };
	struct https_answer answer;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);

		stand_in_fault(&stand_in, "connection", kinds[i], "");
		assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_NETWORK);
		assert_false(https_facts(https)->request_sent);
	}
}

static void nobody_there_is_a_matter_of_the_network(void **state)
{
	scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
	struct https_answer answer;

	(void)state;
	stand_in_set(&stand_in, "{\"listening\":false}");
	assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_NETWORK);
	assert_false(https_facts(https)->request_sent);
}

static void waits_end_in_time(void **state)
{
	static const struct {
		const char *operation;
		const char *kind;
		const char *more;
		long connect_milliseconds;
		long total_milliseconds;
		bool sent;
	} rows[] = {
		{ "connection", "stall", "", 400, 30000, false },
		{ "connection", "stall", "", 30000, 400, false },
		{ "probe", "stall", "", 30000, 400, true },
		{ "probe", "pause", ",\"after\":30", 30000, 400, true },
		{ "probe", "drip", ",\"bytes_per_second\":10", 30000, 400, true },
	};
	struct https_answer answer;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		int64_t before = clock_milliseconds();

		stand_in_run_begin(state);
		stand_in.settings.connect_milliseconds = rows[i].connect_milliseconds;
		stand_in.settings.total_milliseconds = rows[i].total_milliseconds;
		stand_in_fault(&stand_in, rows[i].operation, rows[i].kind, rows[i].more);
		scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
		assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_NETWORK);
		assert_in_range(clock_milliseconds() - before, 300, 5000);
		assert_int_equal(https_facts(https)->request_sent, rows[i].sent);
	}
}

static void retry_after_is_a_fact(void **state)
{
	scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
	struct https_answer answer;

	(void)state;
	stand_in_fault(&stand_in, "probe", "busy_429", ",\"retry_after\":\"17\"");
	assert_ok(stand_in_run_post(https, &answer, &error), &error);
	assert_int_equal(https_facts(https)->status, 429);
	assert_int_equal(https_facts(https)->retry_after, 17);
	assert_probe_succeeds(https);
	assert_int_equal(https_facts(https)->retry_after, 0);
}

static void the_proxy_of_the_environment_is_used(void **state)
{
	scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
	struct https_answer answer;

	(void)state;
	setenv("https_proxy", "http://127.0.0.1:1/", 1);
	assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_NETWORK);
	setenv("no_proxy", "localhost", 1);
	assert_probe_succeeds(https);
	unsetenv("https_proxy");
	unsetenv("no_proxy");
}

static void a_proxy_that_cannot_be_used_is_not_quoted_with_its_password(void **state)
{
	static const char *const proxies[] = { "socks9://user:xyzzy@127.0.0.1:1/",
		"http://user:xy/zzy@127.0.0.1:1/", "http://user:xy zzy@127.0.0.1:1/" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(proxies); i++) {
		scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
		struct https_answer answer;

		setenv("https_proxy", proxies[i], 1);
		assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_NETWORK);
		assert_null(strstr(error.message, "zzy"));
		assert_non_null(strstr(error.message, "proxy"));
		unsetenv("https_proxy");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_THE_STAND_IN(two_requests_share_one_connection),
		WITH_THE_STAND_IN(both_tls_versions_are_spoken),
		WITH_THE_STAND_IN(a_lost_answer_is_not_asked_for_again),
		WITH_THE_STAND_IN(a_connection_that_ended_is_made_anew_without_resuming_it),
		WITH_THE_STAND_IN(only_https_urls_without_a_password_are_used),
		WITH_THE_STAND_IN(
		    a_certificate_counts_as_sent_on_the_connection_that_it_was_sent_on),
		WITH_THE_STAND_IN(a_redirect_is_an_answer_and_not_followed),
		WITH_THE_STAND_IN(an_answer_of_100_megabytes_is_given_up_early),
		WITH_THE_STAND_IN(an_answer_that_is_cut_is_a_matter_of_the_network),
		WITH_THE_STAND_IN(a_connection_that_ends_before_the_request_has_sent_none),
		WITH_THE_STAND_IN(nobody_there_is_a_matter_of_the_network),
		WITH_THE_STAND_IN(waits_end_in_time),
		WITH_THE_STAND_IN(retry_after_is_a_fact),
		WITH_THE_STAND_IN(the_proxy_of_the_environment_is_used),
		WITH_THE_STAND_IN(a_proxy_that_cannot_be_used_is_not_quoted_with_its_password),
	};

	return cmocka_run_group_tests(tests, stand_in_run_start, stand_in_run_stop);
}
