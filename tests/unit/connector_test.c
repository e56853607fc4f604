/*
 * Against the stand-in Connector.
 */
#include "transport/connector.h"

#include "base/compiler.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "tests/unit/stand_in_run.h"

#include <string.h>

static struct error error;

static struct connector *open_as(const struct https_identity *as, const char *side)
{
	struct connector *connector = NULL;

	assert_ok(connector_open(
		      stand_in_text(&stand_in, side), &stand_in.settings, as, &connector, &error),
	    &error);
	return connector;
}

static const char *operation_of(const cJSON *calls, int number)
{
	return json_string(cJSON_GetArrayItem(calls, number), "operation");
}

static void a_renewal_takes_two_calls_and_one_handshake(void **state)
{
	scoped(connector) struct connector *connector = open_as(&stand_in.identity, "mtls_url");
	scoped(configuration) struct connector_configuration configuration = { 0 };
	scoped(certificates) struct connector_certificates certificates = { 0 };
	scoped(EVP_PKEY) EVP_PKEY *new_key = stand_in_make_key();
	scoped(char) char *request = NULL;
	scoped(cJSON) cJSON *calls = NULL;

	(void)state;
	assert_ok(connector_configuration(connector, NULL, &configuration, &error), &error);
	assert_null(configuration.token);
	assert_string_equal(configuration.key_algorithm, "rsa2048");
	assert_string_equal(configuration.connector_url, stand_in_text(&stand_in, "mtls_url"));
	assert_non_null(strstr(configuration.director_url, "/director/graphql"));
	request = stand_in_make_request(new_key, configuration.subject);
	assert_ok(connector_sign(connector, NULL, request, &certificates, &error), &error);
	assert_true(
	    text_starts_with(certificates.certificate_chain, certificates.client_certificate));
	assert_non_null(strstr(certificates.certificate_chain, certificates.ca_certificate));
	assert_int_equal(connector_facts(connector)->handshakes, 1);

	calls = stand_in_ask(&stand_in, "GET", "/calls", NULL);
	assert_int_equal(cJSON_GetArraySize(calls), 2);
	assert_string_equal(operation_of(calls, 0), "configuration");
	assert_string_equal(operation_of(calls, 1), "sign");
	assert_string_equal(json_string(cJSON_GetArrayItem(calls, 1), "identity"), "certificate");
}

static void an_enrolment_takes_a_token_for_each_call(void **state)
{
	scoped(connector) struct connector *connector = open_as(NULL, "token_url");
	scoped(configuration) struct connector_configuration configuration = { 0 };
	scoped(certificates) struct connector_certificates certificates = { 0 };
	scoped(secret) struct secret *token = stand_in_token(&stand_in);
	scoped(char) char *request = NULL;

	(void)state;
	assert_ok(connector_configuration(connector, token, &configuration, &error), &error);
	assert_non_null(configuration.token);
	assert_string_not_equal(secret_bytes(configuration.token), secret_bytes(token));
	request = stand_in_make_request(stand_in.identity.key, configuration.subject);
	assert_ok(
	    connector_sign(connector, configuration.token, request, &certificates, &error), &error);
}

static void a_token_that_was_used_is_rejected_and_not_shown(void **state)
{
	scoped(connector) struct connector *connector = open_as(NULL, "token_url");
	scoped(configuration) struct connector_configuration configuration = { 0 };
	struct connector_configuration again = { 0 };
	scoped(secret) struct secret *token = stand_in_token(&stand_in);

	(void)state;
	assert_ok(connector_configuration(connector, token, &configuration, &error), &error);
	assert_refused(
	    connector_configuration(connector, token, &again, &error), &error, ERROR_REJECTED);
	assert_true(connector_facts(connector)->request_sent);
	assert_null(strstr(error.message, secret_bytes(token)));
	assert_null(again.subject);
}

static void a_token_that_would_break_its_header_is_never_sent(void **state)
{
	static const char *const tokens[] = { "", "a\r\nX-Evil: b", "a b", "a\n", "\xc3\xa9" };
	scoped(connector) struct connector *connector = open_as(NULL, "token_url");
	struct connector_configuration configuration = { 0 };
	scoped(cJSON) cJSON *calls = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(tokens); i++) {
		scoped(secret) struct secret *token = NULL;

		assert_ok(secret_new(&token, &error), &error);
		assert_ok(secret_set(token, tokens[i], strlen(tokens[i]), &error), &error);
		assert_refused(connector_configuration(connector, token, &configuration, &error),
		    &error, ERROR_CONFIG);
	}
	calls = stand_in_ask(&stand_in, "GET", "/calls", NULL);
	assert_int_equal(cJSON_GetArraySize(calls), 0);
}

static void a_probe_asks_nothing_of_the_director(void **state)
{
	scoped(connector) struct connector *connector = open_as(&stand_in.identity, "mtls_url");
	scoped(cJSON) cJSON *calls = NULL;

	(void)state;
	assert_ok(connector_probe(connector, &error), &error);
	calls = stand_in_ask(&stand_in, "GET", "/calls", NULL);
	assert_int_equal(cJSON_GetArraySize(calls), 1);
	assert_string_equal(operation_of(calls, 0), "probe");
}

static void a_revoked_certificate_is_rejected(void **state)
{
	struct https_identity other = stand_in_enroll(&stand_in, stand_in_make_key());

	(void)state;
	{
		scoped(connector) struct connector *connector = open_as(&other, "mtls_url");

		assert_ok(connector_probe(connector, &error), &error);
		assert_ok(connector_revoke(connector, &error), &error);
		assert_refused(connector_probe(connector, &error), &error, ERROR_REJECTED);
		assert_true(connector_facts(connector)->certificate_sent);
		assert_int_equal(connector_facts(connector)->status, 400);
	}
	stand_in_free_identity(&other);
}

static void a_server_that_did_not_see_the_certificate_has_not_rejected_it(void **state)
{
	scoped(connector) struct connector *connector = open_as(&stand_in.identity, "token_url");

	(void)state;
	assert_refused(connector_probe(connector, &error), &error, ERROR_CONNECTOR);
	assert_non_null(strstr(error.message, "certificate-secured"));
}

static void a_request_with_another_subject_is_refused_in_the_connectors_words(void **state)
{
	scoped(connector) struct connector *connector = open_as(&stand_in.identity, "mtls_url");
	scoped(char) char *request = stand_in_make_request(
	    stand_in.identity.key, "O=Org,OU=OrgUnit,L=locality,ST=province,C=DE,CN=x");
	struct connector_certificates certificates = { 0 };

	(void)state;
	assert_refused(connector_sign(connector, NULL, request, &certificates, &error), &error,
	    ERROR_CONNECTOR);
	assert_non_null(strstr(error.message, "CSR: Invalid common name provided."));
	assert_true(text_starts_with(error.message, "ask https://localhost:"));
	assert_null(certificates.client_certificate);
}

static void every_fault_of_an_answer_has_its_kind(void **state)
{
	static const struct {
		const char *kind;
		const char *more;
		enum error_kind expected;
	} rows[] = {
		{ "html_200", "", ERROR_CONNECTOR },
		{ "html_404", "", ERROR_CONNECTOR },
		{ "empty_400", "", ERROR_REJECTED },
		{ "error_422", "", ERROR_CONNECTOR },
		{ "busy_429", "", ERROR_NETWORK },
		{ "error_500", "", ERROR_NETWORK },
		{ "error_502", "", ERROR_NETWORK },
		{ "error_503", "", ERROR_NETWORK },
		{ "redirect", "", ERROR_CONNECTOR },
		{ "huge_body", "", ERROR_CONNECTOR },
		{ "errors_200", "", ERROR_NETWORK },
		{ "errors_200", ",\"message\":\"no\",\"keep_data\":true", ERROR_CONNECTOR },
		{ "director_down", "", ERROR_NETWORK },
		{ "data_null", "", ERROR_CONNECTOR },
		{ "data_missing", "", ERROR_CONNECTOR },
		{ "result_null", "", ERROR_CONNECTOR },
		{ "result_missing", "", ERROR_CONNECTOR },
		{ "field_null", "", ERROR_CONNECTOR },
		{ "field_missing", "", ERROR_CONNECTOR },
		{ "field_value", "", ERROR_CONNECTOR },
		{ "huge_field", "", ERROR_CONNECTOR },
		{ "duplicate_names", "", ERROR_CONNECTOR },
		{ "trailing_bytes", "", ERROR_CONNECTOR },
		{ "truncated_json", "", ERROR_CONNECTOR },
		{ "not_json", "", ERROR_CONNECTOR },
		{ "empty_body", "", ERROR_CONNECTOR },
		{ "lose_answer", "", ERROR_NETWORK },
		{ "reset", "", ERROR_NETWORK },
		{ "close", "", ERROR_NETWORK },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		scoped(connector) struct connector *connector =
		    open_as(&stand_in.identity, "mtls_url");
		struct connector_configuration configuration = { 0 };

		stand_in_fault(&stand_in, "configuration", rows[i].kind, rows[i].more);
		assert_refused(connector_configuration(connector, NULL, &configuration, &error),
		    &error, rows[i].expected);
		assert_true(connector_facts(connector)->request_sent);
		assert_null(configuration.subject);
	}
}

static void certificates_that_cannot_be_decoded_are_refused(void **state)
{
	static const char *const kinds[] = { "field_null", "field_missing", "field_value",
		"huge_field", "bad_base64" };
	static const char *const fields[] = { "clientCertificate", "caCertificate",
		"certificateChain" };
	scoped(connector) struct connector *connector = open_as(&stand_in.identity, "mtls_url");
	scoped(configuration) struct connector_configuration configuration = { 0 };
	scoped(char) char *request = NULL;
	char more[64];

	(void)state;
	assert_ok(connector_configuration(connector, NULL, &configuration, &error), &error);
	request = stand_in_make_request(stand_in.identity.key, configuration.subject);
	for (size_t i = 0; i < ARRAY_LENGTH(kinds) * ARRAY_LENGTH(fields); i++) {
		const char *field = fields[i % ARRAY_LENGTH(fields)];
		struct connector_certificates certificates = { 0 };

		assert_true(text_format(more, sizeof(more), ",\"field\":\"%s\"", field));
		stand_in_fault(&stand_in, "sign", kinds[i / ARRAY_LENGTH(fields)], more);
		assert_refused(connector_sign(connector, NULL, request, &certificates, &error),
		    &error, ERROR_CONNECTOR);
		assert_non_null(strstr(error.message, field));
	}
}

static void a_url_of_null_is_no_url(void **state)
{
	scoped(connector) struct connector *connector = open_as(&stand_in.identity, "mtls_url");
	scoped(configuration) struct connector_configuration configuration = { 0 };

	(void)state;
	stand_in_fault(&stand_in, "configuration", "field_null",
	    ",\"field\":\"certificateSecuredConnectorURL\"");
	assert_ok(connector_configuration(connector, NULL, &configuration, &error), &error);
	assert_null(configuration.connector_url);
	assert_non_null(configuration.director_url);
}

static void what_a_url_hides_is_in_no_message(void **state)
{
	struct connector *connector = NULL;

	(void)state;
	assert_ok(connector_open("https://localhost:1/graphql?token=hunter2", &stand_in.settings,
		      NULL, &connector, &error),
	    &error);
	assert_refused(connector_probe(connector, &error), &error, ERROR_NETWORK);
	assert_true(text_starts_with(error.message, "ask https://localhost:1/graphql for"));
	assert_null(strstr(error.message, "hunter2"));
	connector_close(connector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_THE_STAND_IN(a_renewal_takes_two_calls_and_one_handshake),
		WITH_THE_STAND_IN(an_enrolment_takes_a_token_for_each_call),
		WITH_THE_STAND_IN(a_token_that_was_used_is_rejected_and_not_shown),
		WITH_THE_STAND_IN(a_token_that_would_break_its_header_is_never_sent),
		WITH_THE_STAND_IN(a_probe_asks_nothing_of_the_director),
		WITH_THE_STAND_IN(a_revoked_certificate_is_rejected),
		WITH_THE_STAND_IN(a_server_that_did_not_see_the_certificate_has_not_rejected_it),
		WITH_THE_STAND_IN(
		    a_request_with_another_subject_is_refused_in_the_connectors_words),
		WITH_THE_STAND_IN(every_fault_of_an_answer_has_its_kind),
		WITH_THE_STAND_IN(certificates_that_cannot_be_decoded_are_refused),
		WITH_THE_STAND_IN(a_url_of_null_is_no_url),
		WITH_THE_STAND_IN(what_a_url_hides_is_in_no_message),
	};

	return cmocka_run_group_tests(tests, stand_in_run_start, stand_in_run_stop);
}
