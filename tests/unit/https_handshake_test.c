/*
 * What a handshake with the stand-in Connector shows, and how it fails.
 */
#include "transport/https.h"

#include "base/compiler.h"
#include "base/text.h"
#include "tests/unit/stand_in_run.h"

#include <stdlib.h>
#include <string.h>

static struct error error;

static void an_alert_about_our_certificate_is_a_rejection(void **state)
{
	static const struct {
		const char *name;
		int number;
		enum error_kind kind;
	} alerts[] = {
		{ "bad_certificate", 42, ERROR_REJECTED },
		{ "unsupported_certificate", 43, ERROR_REJECTED },
		{ "certificate_revoked", 44, ERROR_REJECTED },
		{ "certificate_expired", 45, ERROR_REJECTED },
		{ "certificate_unknown", 46, ERROR_REJECTED },
		{ "unknown_ca", 48, ERROR_REJECTED },
		{ "decrypt_error", 51, ERROR_TOKEN },
		{ "handshake_failure", 40, ERROR_CONNECTOR },
		{ "internal_error", 80, ERROR_NETWORK },
	};
	static const char *const versions[] = { "{\"tls_max\":\"1.2\"}", "{\"tls_min\":\"1.3\"}" };
	char more[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(alerts) * 2; i++) {
		scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
		struct https_answer answer;

		stand_in_run_begin(state);
		stand_in_set(&stand_in, versions[i % 2]);
		assert_true(
		    text_format(more, sizeof(more), ",\"alert\":\"%s\"", alerts[i / 2].name));
		stand_in_fault(&stand_in, "connection", "alert", more);
		assert_refused(
		    stand_in_run_post(https, &answer, &error), &error, alerts[i / 2].kind);
		assert_int_equal(https_facts(https)->alert, alerts[i / 2].number);
		assert_non_null(strstr(error.message, alerts[i / 2].name));
		assert_int_equal(https_facts(https)->status, 0);
		assert_false(https_facts(https)->server_not_verified);
	}
}

static void a_certificate_of_a_ca_that_the_server_no_longer_trusts_is_rejected(void **state)
{
	struct https_identity other = stand_in_enroll(&stand_in, stand_in_make_key());
	struct https_answer answer;

	(void)state;
	cJSON_Delete(
	    stand_in_ask(&stand_in, "POST", "/ca", "{\"signer\":\"new_key\",\"gateway\":\"new\"}"));
	{
		scoped(https) struct https *https = stand_in_run_open(&other);

		assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_REJECTED);
	}
	cJSON_Delete(stand_in_ask(
	    &stand_in, "POST", "/ca", "{\"signer\":\"previous\",\"gateway\":\"new\"}"));
	stand_in_free_identity(&other);
}

static void without_a_certificate_nobody_is_rejected_but_refused(void **state)
{
	static const struct {
		const char *settings;
		int alert;
	} rows[] = {
		{ "{\"tls_max\":\"1.2\"}", 40 },
		{ "{\"tls_min\":\"1.3\",\"tls_max\":\"1.3\"}", 116 },
	};
	struct https_answer answer;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		scoped(https) struct https *https = stand_in_run_open(NULL);

		stand_in_set(&stand_in, rows[i].settings);
		assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_CONNECTOR);
		assert_int_equal(https_facts(https)->alert, rows[i].alert);
		assert_false(https_facts(https)->certificate_sent);
	}
}

static void what_the_server_shows_of_itself_is_known(void **state)
{
	static const char *const versions[] = { "{\"tls_min\":\"1.2\",\"tls_max\":\"1.2\"}",
		"{\"tls_min\":\"1.3\",\"tls_max\":\"1.3\"}" };
	struct https_answer answer;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
		const struct https_facts *facts = https_facts(https);

		assert_null(facts->server_chain);
		stand_in_set(&stand_in, versions[i]);
		assert_ok(stand_in_run_post(https, &answer, &error), &error);
		assert_int_equal(sk_X509_num(facts->server_chain), 2);
		assert_int_equal(sk_X509_NAME_num(facts->acceptable_cas), 1);
		/* The same connection still. */
		assert_ok(stand_in_run_post(https, &answer, &error), &error);
		assert_int_equal(sk_X509_num(facts->server_chain), 2);
	}
}

static void a_key_that_is_not_the_certificates_is_refused_before_any_connection(void **state)
{
	scoped(EVP_PKEY) EVP_PKEY *other_key = stand_in_make_key();
	struct https_identity mixed = stand_in.identity;
	struct https *https = NULL;

	(void)state;
	mixed.key = other_key;
	assert_refused(https_open(&stand_in.settings, &mixed, &https, &error), &error, ERROR_TOKEN);
	assert_null(https);
}

static void a_server_certificate_that_does_not_verify_stops_everything(void **state)
{
	static const struct {
		const char *settings;
		enum error_kind kind;
		bool expired;
	} rows[] = {
		{ "{\"server_certificate\":\"expired\"}", ERROR_CONNECTOR, true },
		{ "{\"server_certificate\":\"not_yet_valid\"}", ERROR_CLOCK, false },
		{ "{\"server_certificate\":\"wrong_host\"}", ERROR_CONNECTOR, false },
		{ "{\"server_certificate\":\"other_ca\"}", ERROR_CONNECTOR, false },
	};
	static const char *const versions[] = { "{\"tls_max\":\"1.2\"}", "{\"tls_max\":\"1.3\"}" };
	struct https_answer answer;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows) * 2; i++) {
		scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);
		const struct https_facts *facts = https_facts(https);

		stand_in_set(&stand_in, rows[i / 2].settings);
		stand_in_set(&stand_in, versions[i % 2]);
		assert_refused(stand_in_run_post(https, &answer, &error), &error, rows[i / 2].kind);
		assert_true(facts->server_not_verified);
		assert_int_equal(facts->server_expired, rows[i / 2].expired);
		assert_false(facts->request_sent);
		assert_int_equal(facts->status, 0);
	}
}

static void a_ca_file_that_cannot_be_used_is_said_before_any_connection(void **state)
{
	static const struct {
		const char *file;
		const char *said;
	} cases[] = {
		{ "/nonexistent/ca.pem", "No such file or directory" },
		{ "/", "Is a directory" },
		{ "/dev/null", "not a regular file" },
		{ "/proc/version", "is empty" },
		{ "/etc/hostname", "holds no PEM certificate" },
	};
	struct https *https = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		stand_in.settings.server_ca_file = cases[i].file;
		assert_refused(https_open(&stand_in.settings, &stand_in.identity, &https, &error),
		    &error, ERROR_CONFIG);
		assert_non_null(strstr(error.message, cases[i].file));
		assert_non_null(strstr(error.message, cases[i].said));
		assert_non_null(strstr(error.message, "set server_ca_file to a PEM file"));
	}
}

static void the_system_store_does_not_know_the_stand_in(void **state)
{
	struct https_answer answer;

	(void)state;
	stand_in.settings.server_ca_file = NULL;
	scoped(https) struct https *https = stand_in_run_open(&stand_in.identity);

	assert_refused(stand_in_run_post(https, &answer, &error), &error, ERROR_CONNECTOR);
	assert_true(https_facts(https)->server_not_verified);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_THE_STAND_IN(an_alert_about_our_certificate_is_a_rejection),
		WITH_THE_STAND_IN(
		    a_certificate_of_a_ca_that_the_server_no_longer_trusts_is_rejected),
		WITH_THE_STAND_IN(what_the_server_shows_of_itself_is_known),
		WITH_THE_STAND_IN(without_a_certificate_nobody_is_rejected_but_refused),
		WITH_THE_STAND_IN(
		    a_key_that_is_not_the_certificates_is_refused_before_any_connection),
		WITH_THE_STAND_IN(a_server_certificate_that_does_not_verify_stops_everything),
		WITH_THE_STAND_IN(a_ca_file_that_cannot_be_used_is_said_before_any_connection),
		WITH_THE_STAND_IN(the_system_store_does_not_know_the_stand_in),
	};

	return cmocka_run_group_tests(tests, stand_in_run_start, stand_in_run_stop);
}
