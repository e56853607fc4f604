#include "transport/connector_answer.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "transport/connector.h"

#include <string.h>

#define SUBJECT_MAX 4096
#define KEY_ALGORITHM_MAX 64
#define URL_MAX 2048
#define TOKEN_MAX 1024
#define PEM_MAX 81920 /* base64: 60 KiB of PEM */

static bool has_control_character(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* Borrowed from `object`; NULL after an error. */
static const char *find_text(
    const cJSON *object, const char *name, size_t most, struct error *error)
{
	const char *text = json_string(object, name);
	const char *problem = NULL;

	if (!text || text[0] == '\0')
		problem = "is missing";
	else if (strlen(text) > most)
		problem = "is too long";
	else if (has_control_character(text))
		problem = "holds control characters";
	if (!problem)
		return text;
	error_set(error, ERROR_CONNECTOR, "the answer's %s %s", name, problem);
	return NULL;
}

static bool read_text(
    const cJSON *object, const char *name, size_t most, char **ret_text, struct error *error)
{
	const char *text = find_text(object, name, most, error);

	if (!text)
		return false;
	*ret_text = text_duplicate(text);
	return true;
}

static bool read_optional_text(
    const cJSON *object, const char *name, size_t most, char **ret_text, struct error *error)
{
	if (!json_member(object, name))
		return true;
	return read_text(object, name, most, ret_text, error);
}

static bool read_token(const cJSON *result, struct secret **ret_token, struct error *error)
{
	scoped(secret) struct secret *token = NULL;
	const char *text = find_text(json_member(result, "token"), "token", TOKEN_MAX, error);

	if (!text || !secret_new(&token, error) || !secret_set(token, text, strlen(text), error))
		return false;

	*ret_token = take(token);
	return true;
}

bool connector_answer_configuration(const cJSON *result, bool with_token,
    struct connector_configuration *ret_configuration, struct error *error)
{
	const cJSON *request = json_member(result, "certificateSigningRequestInfo");
	const cJSON *plane = json_member(result, "managementPlaneInfo");
	scoped(configuration) struct connector_configuration configuration = { 0 };

	if (!request)
		return error_set(error, ERROR_CONNECTOR,
		    "the answer's certificateSigningRequestInfo is missing");
	if (plane && !cJSON_IsObject(plane))
		return error_set(
		    error, ERROR_CONNECTOR, "the answer's managementPlaneInfo is no object");
	if (!read_text(request, "subject", SUBJECT_MAX, &configuration.subject, error)
	    || !read_text(
		request, "keyAlgorithm", KEY_ALGORITHM_MAX, &configuration.key_algorithm, error)
	    || !read_optional_text(
		plane, "directorURL", URL_MAX, &configuration.director_url, error)
	    || !read_optional_text(plane, "certificateSecuredConnectorURL", URL_MAX,
		&configuration.connector_url, error)
	    || (with_token && !read_token(result, &configuration.token, error)))
		return false;

	*ret_configuration = configuration;
	memset(&configuration, 0, sizeof(configuration));
	return true;
}

static bool read_pem(const cJSON *result, const char *name, char **ret_pem, struct error *error)
{
	scoped(char) char *pem = NULL;
	const char *text = find_text(result, name, PEM_MAX, error);
	size_t length = 0;

	if (!text)
		return false;
	if (!base64_decode(text, &pem, &length))
		return error_set(error, ERROR_CONNECTOR, "the answer's %s is not base64", name);
	if (strlen(pem) != length || !strstr(pem, "-----BEGIN "))
		return error_set(error, ERROR_CONNECTOR, "the answer's %s is not PEM", name);

	*ret_pem = take(pem);
	return true;
}

bool connector_answer_certificates(
    const cJSON *result, struct connector_certificates *ret_certificates, struct error *error)
{
	scoped(certificates) struct connector_certificates certificates = { 0 };

	if (!read_pem(result, "clientCertificate", &certificates.client_certificate, error)
	    || !read_pem(result, "caCertificate", &certificates.ca_certificate, error)
	    || !read_pem(result, "certificateChain", &certificates.certificate_chain, error))
		return false;

	*ret_certificates = certificates;
	memset(&certificates, 0, sizeof(certificates));
	return true;
}

bool connector_answer_revocation(const cJSON *result, struct error *error)
{
	if (!cJSON_IsTrue(result))
		return error_set(error, ERROR_CONNECTOR,
		    "the Connector does not confirm that the certificate is revoked");
	return true;
}

void connector_configuration_discard(struct connector_configuration *configuration)
{
	free(configuration->subject);
	free(configuration->key_algorithm);
	free(configuration->director_url);
	free(configuration->connector_url);
	secret_discard(configuration->token);
	*configuration = (struct connector_configuration){ 0 };
}

void connector_certificates_discard(struct connector_certificates *certificates)
{
	free(certificates->client_certificate);
	free(certificates->ca_certificate);
	free(certificates->certificate_chain);
	*certificates = (struct connector_certificates){ 0 };
}
