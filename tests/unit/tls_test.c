/*
 * https against servers that misbehave below HTTP, and with keys that do.
 */
/* What the deprecated functions make is what an engine makes: a key that is not OpenSSL's own. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "transport/https.h"

#include "base/compiler.h"
#include "base/text.h"
#include "tests/unit/test.h"
#include "tests/unit/tls_server.h"

#include <curl/curl.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define OK_HEAD "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define OK_ANSWER OK_HEAD "Content-Length: 2\r\n\r\n{}"

static struct error error;
static struct https_settings settings;
static struct tls_server server;
static bool slow; /* our request is written long after the handshake */

typedef void (*message_callback)(
    int sent, int version, int content, const void *bytes, size_t length, SSL *ssl, void *argument);
static message_callback traced;

void __real_SSL_CTX_set_msg_callback(SSL_CTX *context, message_callback callback);
void __wrap_SSL_CTX_set_msg_callback(SSL_CTX *context, message_callback callback);

static void see(
    int sent, int version, int content, const void *bytes, size_t length, SSL *ssl, void *argument)
{
	const struct timespec pause = { .tv_nsec = 200000000 };

	traced(sent, version, content, bytes, length, ssl, argument);
	if (slow && sent && content == SSL3_RT_INNER_CONTENT_TYPE
	    && *(const unsigned char *)bytes == SSL3_RT_APPLICATION_DATA)
		nanosleep(&pause, NULL);
}

void __wrap_SSL_CTX_set_msg_callback(SSL_CTX *context, message_callback callback)
{
	traced = callback;
	__real_SSL_CTX_set_msg_callback(context, see);
}

/* Here instead of in libcrypto: the folder of CAs that libcurl trusts. */
static char trusted_folder[256];

__attribute__((visibility("default"))) int X509_STORE_load_path(X509_STORE *store, const char *path)
{
	(void)store;
	return text_copy(trusted_folder, sizeof(trusted_folder), path);
}

static void serve(const struct tls_server_script *script)
{
	tls_server_start(script, &server);
	settings = (struct https_settings){
		.server_ca_file = server.ca_file,
		.connect_milliseconds = 5000,
		.total_milliseconds = 5000,
		.request_id = "a-request-id",
	};
}

static void end(void)
{
	slow = false;
	tls_server_stop(&server);
	error_clear(&error);
}

static struct https *open_as(const struct https_identity *as)
{
	struct https *https = NULL;

	assert_ok(https_open(&settings, as, &https, &error), &error);
	return https;
}

static bool post(struct https *https, struct https_answer *ret_answer)
{
	return https_post(https, server.url, NULL, "{}", 2, ret_answer, &error);
}

DEFINE_SCOPED(method, RSA_METHOD *, RSA_meth_free)

typedef int (*signing)(
    int length, const unsigned char *from, unsigned char *to, RSA *rsa, int padding);

static int fails(int length, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
	(void)length;
	(void)from;
	(void)to;
	(void)rsa;
	(void)padding;
	return -1;
}

static int signs_nonsense(
    int length, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
	(void)length;
	(void)from;
	(void)padding;
	memset(to, 0x42, (size_t)RSA_size(rsa));
	return RSA_size(rsa);
}

/* As an engine makes them: the operations are its own. */
static EVP_PKEY *make_key_with(const RSA_METHOD *method)
{
	scoped(EVP_PKEY) EVP_PKEY *good = EVP_RSA_gen(2048);
	EVP_PKEY *key = EVP_PKEY_new();
	const RSA *parts = EVP_PKEY_get0_RSA(good);
	RSA *rsa = RSA_new();

	RSA_set0_key(rsa, BN_dup(RSA_get0_n(parts)), BN_dup(RSA_get0_e(parts)), NULL);
	RSA_set_method(rsa, method);
	assert_int_equal(EVP_PKEY_assign_RSA(key, rsa), 1);
	return key;
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static void assert_key_is_at_fault(signing sign, int version, int alert, bool signing_failed)
{
	const struct tls_server_script script = { .most = version, .clients = CLIENTS_WELCOME };
	scoped(method) RSA_METHOD *method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
	scoped(EVP_PKEY) EVP_PKEY *key = make_key_with(method);
	scoped(EVP_PKEY) EVP_PKEY *issuer = EVP_EC_gen("P-256");
	scoped(X509) X509 *certificate = tls_server_make_certificate(issuer);
	const struct https_identity identity = { .certificate = certificate, .key = key };
	struct https_answer answer;

	RSA_meth_set_priv_enc(method, sign);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	serve(&script);
	scoped(https) struct https *https = open_as(&identity);
	assert_refused(post(https, &answer), &error, ERROR_TOKEN);
	assert_int_equal(https_facts(https)->alert, alert);
	assert_int_equal(https_facts(https)->signing_failed, signing_failed);
	assert_int_equal(https_facts(https)->status, 0);
	end();
}

static void a_key_that_does_not_sign_is_a_fault_of_the_token(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++)
		assert_key_is_at_fault(fails, versions[i], HTTPS_ALERT_NONE, true);
}

static void a_key_that_signs_wrongly_is_a_fault_of_the_token(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++)
		assert_key_is_at_fault(signs_nonsense, versions[i], SSL_AD_DECRYPT_ERROR, false);
}

static void an_alert_is_read_even_when_the_request_can_no_longer_be_written(void **state)
{
	const struct tls_server_script script = { .clients = CLIENTS_REFUSED };
	scoped(EVP_PKEY) EVP_PKEY *key = EVP_EC_gen("P-256");
	scoped(X509) X509 *certificate = tls_server_make_certificate(key);
	const struct https_identity identity = { .certificate = certificate, .key = key };
	struct https_answer answer;

	(void)state;
	serve(&script);
	slow = true;
	scoped(https) struct https *https = open_as(&identity);
	assert_refused(post(https, &answer), &error, ERROR_REJECTED);
	assert_int_equal(https_facts(https)->alert, SSL_AD_CERTIFICATE_REVOKED);
	end();
}

static void a_server_that_does_not_ask_gets_no_certificate(void **state)
{
	const struct tls_server_script script = {
		.answer = OK_ANSWER,
		.length = strlen(OK_ANSWER),
	};
	scoped(EVP_PKEY) EVP_PKEY *key = EVP_EC_gen("P-256");
	scoped(X509) X509 *certificate = tls_server_make_certificate(key);
	const struct https_identity identity = { .certificate = certificate, .key = key };
	struct https_answer answer;

	(void)state;
	serve(&script);
	scoped(https) struct https *https = open_as(&identity);
	assert_ok(post(https, &answer), &error);
	assert_false(https_facts(https)->certificate_sent);
	assert_int_equal(https_facts(https)->handshakes, 1);
	end();
}

/* As some tokens do, the key knows one scheme that the server does not. */
static void a_certificate_that_no_scheme_suits_is_not_taken_for_rejected(void **state)
{
	const struct tls_server_script script = {
		.most = TLS1_3_VERSION,
		.clients = CLIENTS_WELCOME,
		.answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
		.length = 47,
	};
	scoped(EVP_PKEY) EVP_PKEY *key = EVP_EC_gen("secp256k1");
	scoped(X509) X509 *certificate = tls_server_make_certificate(key);
	const struct https_identity identity = { .certificate = certificate, .key = key };
	struct https_answer answer;

	(void)state;
	serve(&script);
	scoped(https) struct https *https = open_as(&identity);
	assert_refused(post(https, &answer), &error, ERROR_TOKEN);
	assert_false(https_facts(https)->certificate_sent);
	end();
}

static void bytes_that_are_no_answer_are_told_apart_from_answers_that_are_unacceptable(void **state)
{
	static char huge_line[200 * 1024] = OK_HEAD "X: ";
	static char many_lines[80 * 1024] = OK_HEAD;
	const struct {
		struct tls_server_script script;
		enum error_kind kind;
	} rows[] = {
		{ { .answer = "SSH-2.0-OpenSSH_9.2\r\n", .length = 21 }, ERROR_NETWORK },
		{ { .answer = "\0\0\0\0", .length = 4 }, ERROR_NETWORK },
		{ { .answer = "HTTP/1.1 OK\r\n\r\n", .length = 15 }, ERROR_NETWORK },
		{ { .answer = OK_HEAD, .length = strlen(OK_HEAD) }, ERROR_NETWORK },
		{ { .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
		      .length = 52 },
		    ERROR_NETWORK },
		{ { .plain = true, .answer = OK_ANSWER, .length = strlen(OK_ANSWER) },
		    ERROR_NETWORK },
		{ { .plain = true, .answer = "", .length = 0 }, ERROR_NETWORK },
		{ { .most = TLS1_1_VERSION }, ERROR_CONNECTOR },
		{ { .answer = many_lines, .length = sizeof(many_lines) }, ERROR_CONNECTOR },
		{ { .answer = huge_line, .length = sizeof(huge_line) }, ERROR_CONNECTOR },
	};
	struct https_answer answer;

	(void)state;
	memset(huge_line + strlen(huge_line), 'a', sizeof(huge_line) - strlen(huge_line));
	for (size_t i = strlen(many_lines); i < sizeof(many_lines); i++)
		many_lines[i] = "X: y\r\n"[(i - strlen(OK_HEAD)) % 6];
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		serve(&rows[i].script);
		scoped(https) struct https *https = open_as(NULL);
		assert_refused(post(https, &answer), &error, rows[i].kind);
		end();
	}
}

static void assert_cas_sent(const struct https_identity *identity, const char *count)
{
	scoped(https) struct https *https = open_as(identity);
	struct https_answer answer;

	assert_ok(post(https, &answer), &error);
	assert_string_equal(answer.body, count);
}

static void the_chain_is_sent_as_it_was_given(void **state)
{
	const struct tls_server_script script = { .clients = CLIENTS_WELCOME };
	scoped(EVP_PKEY) EVP_PKEY *key = EVP_EC_gen("P-256");
	scoped(X509) X509 *certificate = tls_server_make_certificate(key);
	scoped(X509) X509 *ca = tls_server_make_certificate(key);
	scoped(X509_NAME) X509_NAME *name = X509_NAME_new();
	struct https_identity identity = { .certificate = certificate, .key = key };

	(void)state;
	/* By its names the certificate was issued by the server's. */
	assert_int_equal(X509_set_subject_name(certificate, name), 1);
	serve(&script);
	assert_cas_sent(&identity, "0");
	identity.chain = sk_X509_new_null();
	sk_X509_push(identity.chain, ca);
	assert_cas_sent(&identity, "1");
	sk_X509_push(identity.chain, certificate);
	assert_cas_sent(&identity, "2");
	sk_X509_free(identity.chain);
	end();
}

static void beside_a_ca_file_no_folder_is_trusted(void **state)
{
	const char *built_in = curl_version_info(CURLVERSION_NOW)->capath;
	const struct tls_server_script script = {
		.answer = OK_ANSWER,
		.length = strlen(OK_ANSWER),
	};
	struct https_answer answer;

	(void)state;
	serve(&script);
	{
		scoped(https) struct https *https = open_as(NULL);

		assert_ok(post(https, &answer), &error);
		assert_string_equal(trusted_folder, "/dev/null");
	}
	settings.server_ca_file = NULL;
	trusted_folder[0] = '\0';
	scoped(https) struct https *https = open_as(NULL);
	assert_refused(post(https, &answer), &error, ERROR_CONNECTOR);
	assert_string_equal(trusted_folder, built_in ? built_in : "");
	end();
}

static void an_interim_answer_is_passed_over(void **state)
{
	static const char bytes[] = "HTTP/1.1 103 Early Hints\r\nRetry-After: 5\r\n\r\n" OK_ANSWER;
	const struct tls_server_script script = { .answer = bytes, .length = strlen(bytes) };
	struct https_answer answer;

	(void)state;
	serve(&script);
	scoped(https) struct https *https = open_as(NULL);
	assert_ok(post(https, &answer), &error);
	assert_int_equal(https_facts(https)->status, 200);
	assert_int_equal(https_facts(https)->retry_after, 0);
	assert_int_equal(https_facts(https)->date, 784111777);
	assert_string_equal(answer.body, "{}");
	end();
}

static void a_proxy_that_refuses_is_a_matter_of_the_network(void **state)
{
	static const char bytes[] =
	    "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n"
	    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: 5\r\n\r\n";
	const struct tls_server_script script = {
		.plain = true, .answer = bytes, .length = strlen(bytes)
	};
	struct https_answer answer;

	(void)state;
	serve(&script);
	setenv("https_proxy", server.url + strlen("https://"), 1);
	scoped(https) struct https *https = open_as(NULL);
	assert_refused(post(https, &answer), &error, ERROR_NETWORK);
	assert_non_null(strstr(error.message, "407"));
	assert_false(https_facts(https)->request_sent);
	assert_int_equal(https_facts(https)->retry_after, 0);
	assert_int_equal(https_facts(https)->date, 0);
	assert_int_equal(https_facts(https)->status, 0);
	unsetenv("https_proxy");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_that_does_not_sign_is_a_fault_of_the_token),
		cmocka_unit_test(a_key_that_signs_wrongly_is_a_fault_of_the_token),
		cmocka_unit_test(an_alert_is_read_even_when_the_request_can_no_longer_be_written),
		cmocka_unit_test(a_server_that_does_not_ask_gets_no_certificate),
		cmocka_unit_test(a_certificate_that_no_scheme_suits_is_not_taken_for_rejected),
		cmocka_unit_test(
		    bytes_that_are_no_answer_are_told_apart_from_answers_that_are_unacceptable),
		cmocka_unit_test(the_chain_is_sent_as_it_was_given),
		cmocka_unit_test(beside_a_ca_file_no_folder_is_trusted),
		cmocka_unit_test(an_interim_answer_is_passed_over),
		cmocka_unit_test(a_proxy_that_refuses_is_a_matter_of_the_network),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
