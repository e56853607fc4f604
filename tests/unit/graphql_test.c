#include "transport/graphql.h"

#include "base/compiler.h"
#include "base/json.h"
#include "tests/unit/test.h"
#include "transport/refusal.h"

#include <stdio.h>
#include <string.h>

static struct error error;

static bool answer(long status, const char *body, const char *field, cJSON **ret_result)
{
	error_clear(&error);
	return graphql_answer(
	    status, "application/json", body, strlen(body), field, ret_result, &error);
}

static void a_request_without_a_variable_has_only_a_query(void **state)
{
	scoped(char) char *body = NULL;

	(void)state;
	assert_ok(graphql_request("query { __typename }", NULL, NULL, &body, &error), &error);
	assert_string_equal(body, "{\"query\":\"query { __typename }\"}");
}

static void a_variable_is_sent_as_json_and_not_inside_the_query(void **state)
{
	scoped(char) char *body = NULL;

	(void)state;
	assert_ok(graphql_request("mutation($csr: String!)", "csr", "a\"b", &body, &error), &error);
	assert_string_equal(body, "{\"query\":\"mutation($csr: String!)\","
				  "\"variables\":{\"csr\":\"a\\\"b\"}}");
}

static void the_wanted_member_of_data_is_returned(void **state)
{
	scoped(graphql) cJSON *result = NULL;
	scoped(graphql) cJSON *name = NULL;

	(void)state;
	assert_ok(answer(200, "{\"data\":{\"result\":{\"a\":\"b\"}}}", "result", &result), &error);
	assert_string_equal(json_string(result, "a"), "b");
	assert_ok(answer(200, "{\"data\":{\"__typename\":\"Query\"},\"errors\":null}", "__typename",
		      &name),
	    &error);
	assert_string_equal(cJSON_GetStringValue(name), "Query");
}

static void a_status_says_who_has_to_do_what(void **state)
{
	static const struct {
		long status;
		const char *body;
		enum error_kind kind;
	} rows[] = {
		{ 400, "", ERROR_REJECTED },
		{ 400, " ", ERROR_CONNECTOR },
		{ 400, "{\"errors\":[{\"message\":\"transport not supported\"}],\"data\":null}",
		    ERROR_CONNECTOR },
		{ 408, "", ERROR_NETWORK },
		{ 429, "local_rate_limited", ERROR_NETWORK },
		{ 500, "", ERROR_NETWORK },
		{ 502, "", ERROR_NETWORK },
		{ 503, "{\"Message\":\"operation has timed out\"}", ERROR_NETWORK },
		{ 504, "", ERROR_NETWORK },
		{ 599, "", ERROR_NETWORK },
		{ 600, "", ERROR_CONNECTOR },
		{ 201, "{\"data\":{\"result\":true}}", ERROR_CONNECTOR },
		{ 204, "", ERROR_CONNECTOR },
		{ 301, "", ERROR_CONNECTOR },
		{ 302, "", ERROR_CONNECTOR },
		{ 401, "", ERROR_CONNECTOR },
		{ 403, "", ERROR_CONNECTOR },
		{ 404, "<html></html>", ERROR_CONNECTOR },
		{ 406, "", ERROR_CONNECTOR },
		{ 413, "", ERROR_CONNECTOR },
		{ 422, "{\"data\":{\"result\":true}}", ERROR_CONNECTOR },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		scoped(graphql) cJSON *result = NULL;

		assert_refused(
		    answer(rows[i].status, rows[i].body, "result", &result), &error, rows[i].kind);
		assert_null(result);
	}
}

static void a_refusal_by_status_quotes_the_first_message(void **state)
{
	scoped(graphql) cJSON *result = NULL;

	(void)state;
	assert_refused(answer(422,
			   "{\"errors\":[{\"message\":\"Unexpected <Invalid>\"},"
			   "{\"message\":\"second\"}]}",
			   "result", &result),
	    &error, ERROR_CONNECTOR);
	assert_string_equal(error.message, "the Connector answers HTTP 422: Unexpected <Invalid>");
}

static void what_is_not_the_expected_answer_is_the_connectors_fault(void **state)
{
	static const char *const bodies[] = {
		"",
		"ok",
		"<!DOCTYPE html><html></html>",
		"null",
		"true",
		"[]",
		"{}",
		"{\"data\":null}",
		"{\"data\":[]}",
		"{\"data\":[{\"result\":true}]}",
		"{\"data\":\"result\"}",
		"{\"data\":{}}",
		"{\"data\":{\"result\":null}}",
		"{\"data\":{\"Result\":true}}",
		"{\"Data\":{\"result\":true}}",
		"{\"result\":true}",
		"{\"data\":{\"result\":true}",
		"{\"data\":{\"result\":true}}}",
		"{\"data\":{\"result\":true}} x",
		"{\"data\":{\"result\":true,\"result\":false}}",
		"{\"data\":null,\"data\":{\"result\":true}}",
		"{\"data\":{\"result\":\"a\\u0000b\"}}",
		"{\"data\":{\"result\":true},\"errors\":[]}",
		"{\"data\":{\"result\":true},\"errors\":{}}",
		"{\"data\":{\"result\":true},\"errors\":[null]}",
		"{\"data\":{\"result\":true},\"errors\":[{\"message\":7}]}",
		"{\"data\":{\"result\":true},\"errors\":[{\"message\":\"no\"}]}",
		"{\"data\":{\"result\":true},\"errors\":\"no\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
		scoped(graphql) cJSON *result = NULL;

		assert_refused(answer(200, bodies[i], "result", &result), &error, ERROR_CONNECTOR);
		assert_null(result);
	}
}

static void an_answer_that_is_no_json_is_named_by_its_content_type(void **state)
{
	scoped(graphql) cJSON *result = NULL;

	(void)state;
	assert_refused(graphql_answer(200, "text/html", "<html>", 6, "result", &result, &error),
	    &error, ERROR_CONNECTOR);
	assert_non_null(strstr(error.message, "text/html"));
	assert_refused(graphql_answer(200, "", "<html>", 6, "result", &result, &error), &error,
	    ERROR_CONNECTOR);
	assert_non_null(strstr(error.message, "not given"));
}

static void a_message_with_status_200_says_who_has_to_do_what(void **state)
{
	static const struct {
		const char *message;
		enum error_kind kind;
	} rows[] = {
		{ "Failed to get one-time token during fetching configuration process: dial tcp",
		    ERROR_NETWORK },
		{ "Failed to get one-time token during fetching configuration process: could not "
		  "get one time token: No token generation for consumer type Integration System",
		    ERROR_CONNECTOR },
		{ "Failed to get one-time token during fetching configuration process: could not "
		  "get one time token: Failed to authenticate request, tenant not found: x",
		    ERROR_CONNECTOR },
		{ "Error while signing Certificate Signing Request: Error while decoding pem block",
		    ERROR_NETWORK },
		{ "Error while signing Certificate Signing Request: Error while decoding pem "
		  "block.",
		    ERROR_CONNECTOR },
		{ "Error while creating certificate: x509: provided PrivateKey doesn't match "
		  "parent's PublicKey",
		    ERROR_NETWORK },
		{ "Certificate data not found in the cache.", ERROR_NETWORK },
		{ "internal system error", ERROR_NETWORK },
		{ "Failed to add hash to revocation list: conflict", ERROR_NETWORK },
		{ "CSR: Invalid common name provided.", ERROR_CONNECTOR },
		{ "Failed to authenticate request, consumer type not found", ERROR_CONNECTOR },
		{ "something new", ERROR_CONNECTOR },
		{ "", ERROR_CONNECTOR },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		assert_int_equal(refusal_find(rows[i].message)->kind, rows[i].kind);
		assert_true(refusal_find(rows[i].message)->advice[0] != '\0');
	}
}

static void a_message_is_quoted_bounded_and_printable(void **state)
{
	char body[2048] = "{\"errors\":[{\"message\":\"\\u001b[31m";
	scoped(graphql) cJSON *result = NULL;

	(void)state;
	memset(body + strlen(body), 'x', 1000);
	strncat(body, "\"}],\"data\":null}", sizeof(body) - strlen(body) - 1);
	assert_refused(answer(200, body, "result", &result), &error, ERROR_CONNECTOR);
	assert_null(strchr(error.message, '\x1b'));
	assert_non_null(strstr(error.message, "?[31mxxx"));
	assert_true(strlen(error.message) < 600);
}

/* Each answer that was recorded from the real Connector: either a result, or a kind. */
static void the_recorded_answers_are_told_apart(void **state)
{
	scoped(FILE) FILE *file = fopen(GOLDEN_FILE, "r");
	scoped(char) char *line = NULL;
	size_t size = 0, results = 0, refused = 0, rejected = 0;
	ssize_t length;

	(void)state;
	assert_non_null(file);
	for (length = getline(&line, &size, file); length > 0;
	     length = getline(&line, &size, file)) {
		scoped(cJSON) cJSON *record = cJSON_Parse(line);
		scoped(graphql) cJSON *result = NULL;
		const char *body = json_string(record, "response");
		int64_t status = 0;

		if (!json_integer(record, "status", &status) || !body)
			continue;
		if (answer((long)status, body, "result", &result)) {
			assert_true(status == 200 && strstr(body, "\"errors\"") == NULL);
			results++;
		} else if (error.kind == ERROR_REJECTED) {
			assert_true(status == 400 && body[0] == '\0');
			rejected++;
		} else {
			assert_true(error.kind == ERROR_CONNECTOR || error.kind == ERROR_NETWORK);
			refused++;
		}
	}
	assert_int_equal(results + refused + rejected, 84);
	assert_int_equal(rejected, 2);
	assert_true(results > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_without_a_variable_has_only_a_query),
		cmocka_unit_test(a_variable_is_sent_as_json_and_not_inside_the_query),
		cmocka_unit_test(the_wanted_member_of_data_is_returned),
		cmocka_unit_test(a_status_says_who_has_to_do_what),
		cmocka_unit_test(a_refusal_by_status_quotes_the_first_message),
		cmocka_unit_test(what_is_not_the_expected_answer_is_the_connectors_fault),
		cmocka_unit_test(an_answer_that_is_no_json_is_named_by_its_content_type),
		cmocka_unit_test(a_message_with_status_200_says_who_has_to_do_what),
		cmocka_unit_test(a_message_is_quoted_bounded_and_printable),
		cmocka_unit_test(the_recorded_answers_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
