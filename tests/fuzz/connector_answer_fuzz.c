/*
 * transport/connector_answer: what is accepted is whole. The input is the JSON of data.result.
 */
#include "transport/connector_answer.h"

#include "base/scoped.h"
#include "transport/connector.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void read_configuration(const cJSON *result, bool with_token)
{
	scoped(configuration) struct connector_configuration configuration = { 0 };
	struct error error = ERROR_INIT;

	if (connector_answer_configuration(result, with_token, &configuration, &error)) {
		must(configuration.subject[0] != '\0');
		must(configuration.key_algorithm[0] != '\0');
		must(with_token == (configuration.token != NULL));
		return;
	}
	must(error.kind == ERROR_CONNECTOR && !configuration.subject && !configuration.token);
}

static void read_certificates(const cJSON *result)
{
	scoped(certificates) struct connector_certificates certificates = { 0 };
	struct error error = ERROR_INIT;

	if (connector_answer_certificates(result, &certificates, &error)) {
		must(strstr(certificates.client_certificate, "-----BEGIN ") != NULL);
		must(strstr(certificates.ca_certificate, "-----BEGIN ") != NULL);
		must(strstr(certificates.certificate_chain, "-----BEGIN ") != NULL);
		return;
	}
	must(error.kind == ERROR_CONNECTOR && !certificates.client_certificate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Not json_parse: it need not have looked for this module to be safe. */
	scoped(cJSON) cJSON *result = cJSON_ParseWithLength((const char *)data, size);
	struct error error = ERROR_INIT;

	if (!result)
		return 0;
	read_configuration(result, false);
	read_configuration(result, true);
	read_certificates(result);
	must(connector_answer_revocation(result, &error) == cJSON_IsTrue(result));
	return 0;
}
