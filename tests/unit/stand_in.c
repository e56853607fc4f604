#include "tests/unit/stand_in.h"

#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error error;

static void run(const char *directory, int ready)
{
	char descriptor[16];

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	assert_true(text_format(descriptor, sizeof(descriptor), "%d", ready));
	execl("/usr/bin/python3", "python3", STAND_IN_PROGRAM, "--directory", directory,
	    "--ready-fd", descriptor, (char *)NULL);
	_exit(127);
}

void stand_in_start(struct stand_in *stand_in)
{
	char text[4096];
	ssize_t length;
	size_t filled = 0;
	int ends[2];

	memset(stand_in, 0, sizeof(*stand_in));
	scratch_folder_make(stand_in->directory);
	assert_int_equal(pipe(ends), 0);
	stand_in->pid = fork();
	if (stand_in->pid == 0)
		run(stand_in->directory, ends[1]);
	close(ends[1]);
	do {
		length = read(ends[0], text + filled, sizeof(text) - filled);
		filled += length > 0 ? (size_t)length : 0;
	} while (length > 0);
	close(ends[0]);
	stand_in->ready = cJSON_ParseWithLength(text, filled);
	assert_non_null(stand_in->ready);
	stand_in_reset(stand_in);
	stand_in->identity = stand_in_enroll(stand_in, stand_in_make_key());
}

void stand_in_stop(struct stand_in *stand_in)
{
	stand_in_free_identity(&stand_in->identity);
	kill(stand_in->pid, SIGTERM);
	waitpid(stand_in->pid, NULL, 0);
	cJSON_Delete(stand_in->ready);
	scratch_folder_remove(stand_in->directory);
}

const char *stand_in_text(const struct stand_in *stand_in, const char *name)
{
	return json_string(stand_in->ready, name);
}

static size_t collect(char *bytes, size_t size, size_t count, void *user)
{
	return text_add(user, bytes, size * count) ? size * count : 0;
}

cJSON *stand_in_ask(
    const struct stand_in *stand_in, const char *method, const char *path, const char *body)
{
	struct text_buffer answer = TEXT_BUFFER_INIT(1 << 20);
	char url[256];
	cJSON *value;
	CURL *curl = curl_easy_init();

	assert_true(
	    text_format(url, sizeof(url), "%s%s", stand_in_text(stand_in, "control_url"), path));
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (body)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	if (curl_easy_perform(curl) != CURLE_OK)
		fail_msg("the stand-in refuses %s %s %s", method, path, body ? body : "");
	curl_easy_cleanup(curl);
	value = cJSON_ParseWithLength(answer.data, answer.length);
	text_discard(&answer);
	assert_non_null(value);
	return value;
}

void stand_in_set(const struct stand_in *stand_in, const char *settings)
{
	cJSON_Delete(stand_in_ask(stand_in, "POST", "/settings", settings));
}

void stand_in_reset(struct stand_in *stand_in)
{
	cJSON_Delete(stand_in_ask(stand_in, "DELETE", "/faults", NULL));
	cJSON_Delete(stand_in_ask(stand_in, "DELETE", "/calls", NULL));
	stand_in_set(stand_in,
	    "{\"tls_min\":\"1.2\",\"tls_max\":\"1.3\",\"server_certificate\":\"good\","
	    "\"listening\":true,\"strict_parser\":true}");
	stand_in->settings = (struct https_settings){
		.server_ca_file = stand_in_text(stand_in, "server_ca_file"),
		.connect_milliseconds = 5000,
		.total_milliseconds = 5000,
		.request_id = "a-request-id",
	};
}

void stand_in_fault(
    const struct stand_in *stand_in, const char *operation, const char *kind, const char *more)
{
	char body[512];

	assert_true(text_format(
	    body, sizeof(body), "{\"operation\":\"%s\",\"kind\":\"%s\"%s}", operation, kind, more));
	cJSON_Delete(stand_in_ask(stand_in, "POST", "/fault", body));
}

EVP_PKEY *stand_in_make_key(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);

	assert_non_null(key);
	return key;
}

/* The stand-in's subject has neither commas nor equals signs in its values. */
static void add_attributes(X509_NAME *name, const char *subject)
{
	scoped(char) char *text = text_duplicate(subject);
	char *rest = text;

	for (char *part = strsep(&rest, ","); part; part = strsep(&rest, ",")) {
		char *value = strchr(part, '=');

		assert_non_null(value);
		*value = '\0';
		assert_int_equal(X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
				     (const unsigned char *)value + 1, -1, -1, 0),
		    1);
	}
}

char *stand_in_make_request(EVP_PKEY *key, const char *subject)
{
	scoped(X509_REQ) X509_REQ *request = X509_REQ_new();
	scoped(X509_NAME) X509_NAME *name = X509_NAME_new();
	scoped(BIO) BIO *memory = BIO_new(BIO_s_mem());
	char *text = NULL;
	long length;

	add_attributes(name, subject);
	assert_int_equal(X509_REQ_set_subject_name(request, name), 1);
	assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
	assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509_REQ(memory, request), 1);
	length = BIO_get_mem_data(memory, &text);
	return strndup(text, (size_t)length);
}

struct secret *stand_in_token(const struct stand_in *stand_in)
{
	scoped(cJSON) cJSON *answer = stand_in_ask(stand_in, "POST", "/token", "{}");
	const char *text = json_string(answer, "token");
	struct secret *token = NULL;

	assert_ok(secret_new(&token, &error), &error);
	assert_ok(secret_set(token, text, strlen(text), &error), &error);
	return token;
}

static X509 *read_certificate(const char *pem)
{
	scoped(BIO) BIO *memory = BIO_new_mem_buf(pem, -1);
	X509 *certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);

	assert_non_null(certificate);
	return certificate;
}

struct https_identity stand_in_enroll(const struct stand_in *stand_in, EVP_PKEY *key)
{
	scoped(configuration) struct connector_configuration configuration = { 0 };
	scoped(certificates) struct connector_certificates certificates = { 0 };
	scoped(secret) struct secret *token = stand_in_token(stand_in);
	scoped(connector) struct connector *connector = NULL;
	scoped(char) char *request = NULL;
	struct https_identity identity = { .key = key, .chain = sk_X509_new_null() };

	assert_ok(connector_open(stand_in_text(stand_in, "token_url"), &stand_in->settings, NULL,
		      &connector, &error),
	    &error);
	assert_ok(connector_configuration(connector, token, &configuration, &error), &error);
	request = stand_in_make_request(key, configuration.subject);
	assert_ok(
	    connector_sign(connector, configuration.token, request, &certificates, &error), &error);
	identity.certificate = read_certificate(certificates.client_certificate);
	sk_X509_push(identity.chain, read_certificate(certificates.ca_certificate));
	return identity;
}

void stand_in_free_identity(struct https_identity *identity)
{
	X509_free(identity->certificate);
	EVP_PKEY_free(identity->key);
	sk_X509_pop_free(identity->chain, X509_free);
	*identity = (struct https_identity){ .certificate = NULL };
}
