#include "transport/connector_answer.h"

#include "base/compiler.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "tests/unit/test.h"
#include "transport/connector.h"

#include <string.h>

/* "-----BEGIN CERTIFICATE-----\n" and "-----BEGIN \0" */
#define PEM "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="
#define PEM_WITH_NUL "LS0tLS1CRUdJTiAA"

#define REQUEST                                                                                    \
	"\"certificateSigningRequestInfo\":{\"subject\":\"O=a,CN=b\",\"keyAlgorithm\":"            \
	"\"rsa2048\"}"
#define PLANE                                                                                      \
	"\"managementPlaneInfo\":{\"directorURL\":\"https://d/\","                                 \
	"\"certificateSecuredConnectorURL\":\"https://c/\"}"
#define TOKEN "\"token\":{\"token\":\"ott-1\"}"

static struct error error;

static bool configuration_of(
    const char *json, bool with_token, struct connector_configuration *ret_configuration)
{
	scoped(cJSON) cJSON *result = cJSON_Parse(json);

	assert_non_null(result);
	error_clear(&error);
	return connector_answer_configuration(result, with_token, ret_configuration, &error);
}

static bool certificates_of(const char *json, struct connector_certificates *ret_certificates)
{
	scoped(cJSON) cJSON *result = cJSON_Parse(json);

	assert_non_null(result);
	error_clear(&error);
	return connector_answer_certificates(result, ret_certificates, &error);
}

static void a_whole_configuration_is_read(void **state)
{
	scoped(configuration) struct connector_configuration configuration = { 0 };

	(void)state;
	assert_ok(
	    configuration_of("{" TOKEN "," REQUEST "," PLANE "}", true, &configuration), &error);
	assert_string_equal(configuration.subject, "O=a,CN=b");
	assert_string_equal(configuration.key_algorithm, "rsa2048");
	assert_string_equal(configuration.director_url, "https://d/");
	assert_string_equal(configuration.connector_url, "https://c/");
	assert_string_equal(secret_bytes(configuration.token), "ott-1");
}

static void management_plane_info_and_its_members_may_be_null(void **state)
{
	static const char *const rows[] = {
		"{" REQUEST "}",
		"{" REQUEST ",\"managementPlaneInfo\":null}",
		"{" REQUEST ",\"managementPlaneInfo\":{}}",
		"{" REQUEST ",\"managementPlaneInfo\":{\"directorURL\":null,"
		"\"certificateSecuredConnectorURL\":null}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		scoped(configuration) struct connector_configuration configuration = { 0 };

		assert_ok(configuration_of(rows[i], false, &configuration), &error);
		assert_null(configuration.director_url);
		assert_null(configuration.connector_url);
		assert_null(configuration.token);
	}
}

static void a_token_that_was_not_asked_for_is_not_kept(void **state)
{
	scoped(configuration) struct connector_configuration configuration = { 0 };

	(void)state;
	assert_ok(configuration_of("{" TOKEN "," REQUEST "}", false, &configuration), &error);
	assert_null(configuration.token);
}

static void a_configuration_that_lacks_something_is_refused(void **state)
{
	static const struct {
		const char *json;
		const char *named;
	} rows[] = {
		{ "true", "certificateSigningRequestInfo" },
		{ "[]", "certificateSigningRequestInfo" },
		{ "{}", "certificateSigningRequestInfo" },
		{ "{" TOKEN ",\"certificateSigningRequestInfo\":null}",
		    "certificateSigningRequestInfo" },
		{ "{" TOKEN ",\"certificateSigningRequestInfo\":\"O=a\"}", "subject" },
		{ "{" TOKEN ",\"certificateSigningRequestInfo\":{\"keyAlgorithm\":\"a\"}}",
		    "subject" },
		{ "{" TOKEN ",\"certificateSigningRequestInfo\":{\"subject\":\"\","
		  "\"keyAlgorithm\":\"a\"}}",
		    "subject" },
		{ "{" TOKEN ",\"certificateSigningRequestInfo\":{\"subject\":7,"
		  "\"keyAlgorithm\":\"a\"}}",
		    "subject" },
		{ "{" TOKEN ",\"certificateSigningRequestInfo\":{\"subject\":\"O=a\\nb\","
		  "\"keyAlgorithm\":\"a\"}}",
		    "subject" },
		{ "{" TOKEN ",\"certificateSigningRequestInfo\":{\"subject\":\"O=a\"}}",
		    "keyAlgorithm" },
		{ "{" TOKEN ",\"certificateSigningRequestInfo\":{\"subject\":\"O=a\","
		  "\"keyAlgorithm\":null}}",
		    "keyAlgorithm" },
		{ "{" TOKEN "," REQUEST ",\"managementPlaneInfo\":[]}", "managementPlaneInfo" },
		{ "{" TOKEN "," REQUEST ",\"managementPlaneInfo\":{\"directorURL\":\"\"}}",
		    "directorURL" },
		{ "{" TOKEN "," REQUEST ",\"managementPlaneInfo\":{\"directorURL\":1}}",
		    "directorURL" },
		{ "{" TOKEN "," REQUEST
		  ",\"managementPlaneInfo\":{\"certificateSecuredConnectorURL\":{}}}",
		    "certificateSecuredConnectorURL" },
		{ "{" REQUEST "}", "token" },
		{ "{" REQUEST ",\"token\":null}", "token" },
		{ "{" REQUEST ",\"token\":\"ott\"}", "token" },
		{ "{" REQUEST ",\"token\":{}}", "token" },
		{ "{" REQUEST ",\"token\":{\"token\":null}}", "token" },
		{ "{" REQUEST ",\"token\":{\"token\":\"\"}}", "token" },
		{ "{" REQUEST ",\"token\":{\"token\":\"a\\r\\nb\"}}", "token" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct connector_configuration configuration = { 0 };

		assert_refused(
		    configuration_of(rows[i].json, true, &configuration), &error, ERROR_CONNECTOR);
		assert_non_null(strstr(error.message, rows[i].named));
		assert_null(configuration.subject);
	}
}

static void a_text_that_is_too_long_is_refused(void **state)
{
	scoped(cJSON) cJSON *result = cJSON_CreateObject();
	cJSON *request = cJSON_AddObjectToObject(result, "certificateSigningRequestInfo");
	struct connector_configuration configuration = { 0 };
	char text[4098];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cJSON_AddStringToObject(request, "subject", text);
	cJSON_AddStringToObject(request, "keyAlgorithm", "rsa2048");
	assert_refused(connector_answer_configuration(result, false, &configuration, &error),
	    &error, ERROR_CONNECTOR);
	cJSON_DeleteItemFromObject(request, "subject");
	cJSON_AddStringToObject(request, "subject", text + 1);
	assert_ok(connector_answer_configuration(result, false, &configuration, &error), &error);
	connector_configuration_discard(&configuration);
}

static void three_certificates_are_decoded(void **state)
{
	scoped(certificates) struct connector_certificates certificates = { 0 };

	(void)state;
	assert_ok(certificates_of("{\"certificateChain\":\"" PEM "\",\"caCertificate\":\"" PEM
				  "\",\"clientCertificate\":\"" PEM "\"}",
		      &certificates),
	    &error);
	assert_string_equal(certificates.client_certificate, "-----BEGIN CERTIFICATE-----\n");
	assert_string_equal(certificates.ca_certificate, "-----BEGIN CERTIFICATE-----\n");
	assert_string_equal(certificates.certificate_chain, "-----BEGIN CERTIFICATE-----\n");
}

static void certificates_that_cannot_be_decoded_are_refused(void **state)
{
	static const char *const values[] = {
		"null",
		"\"\"",
		"7",
		"[\"" PEM "\"]",
		"\"-----BEGIN CERTIFICATE-----\"",
		"\"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg\"",
		"\"LS0tLS1CRUdJTiBDRVJU SUZJQ0FURS0tLS0tCg==\"",
		"\"LS0tLS1CRUdJTiBDRVJU\\nSUZJQ0FURS0tLS0tCg==\"",
		"\"" PEM_WITH_NUL "\"",
		"\"Z2FyYmFnZQ==\"",
	};
	static const char *const names[] = { "clientCertificate", "caCertificate",
		"certificateChain" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(values) * ARRAY_LENGTH(names); i++) {
		const char *broken = names[i % ARRAY_LENGTH(names)];
		struct connector_certificates certificates = { 0 };
		char json[512] = "";

		for (size_t j = 0; j < ARRAY_LENGTH(names); j++)
			assert_true(text_format(json + strlen(json), sizeof(json) - strlen(json),
			    "%c\"%s\":%s", j == 0 ? '{' : ',', names[j],
			    names[j] == broken ? values[i / ARRAY_LENGTH(names)] : "\"" PEM "\""));
		strncat(json, "}", 2);
		assert_refused(certificates_of(json, &certificates), &error, ERROR_CONNECTOR);
		assert_non_null(strstr(error.message, broken));
		assert_null(certificates.client_certificate);
	}
}

static void only_true_confirms_a_revocation(void **state)
{
	static const char *const rows[] = { "false", "1", "\"true\"", "{}", "[]" };
	scoped(cJSON) cJSON *confirmed = cJSON_Parse("true");

	(void)state;
	assert_ok(connector_answer_revocation(confirmed, &error), &error);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		scoped(cJSON) cJSON *result = cJSON_Parse(rows[i]);

		assert_refused(
		    connector_answer_revocation(result, &error), &error, ERROR_CONNECTOR);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_configuration_is_read),
		cmocka_unit_test(management_plane_info_and_its_members_may_be_null),
		cmocka_unit_test(a_token_that_was_not_asked_for_is_not_kept),
		cmocka_unit_test(a_configuration_that_lacks_something_is_refused),
		cmocka_unit_test(a_text_that_is_too_long_is_refused),
		cmocka_unit_test(three_certificates_are_decoded),
		cmocka_unit_test(certificates_that_cannot_be_decoded_are_refused),
		cmocka_unit_test(only_true_confirms_a_revocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
