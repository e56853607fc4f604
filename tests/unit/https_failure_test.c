#include "transport/https_failure.h"

#include "base/compiler.h"
#include "tests/unit/test.h"
#include "transport/tls_alert.h"
#include "transport/tls_trace.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <string.h>

static struct error error;

static const struct tls_trace quiet = {
	.alert_received = TLS_ALERT_NONE,
	.alert_sent = TLS_ALERT_NONE,
};

static struct https_failure failure_of(CURLcode code, const struct tls_trace *trace)
{
	return (struct https_failure){ .code = code,
		.reason = "in libcurl's words",
		.proxy = "",
		.has_identity = true,
		.trace = trace };
}

static enum error_kind kind_of(const struct https_failure *failure)
{
	error_clear(&error);
	assert_false(https_failure_set(failure, &error));
	assert_true(error.message[0] != '\0');
	return error.kind;
}

static void an_alert_decides_whatever_the_code(void **state)
{
	static const struct {
		int alert;
		enum error_kind kind;
		const char *name;
	} rows[] = {
		{ 42, ERROR_REJECTED, "bad_certificate" },
		{ 43, ERROR_REJECTED, "unsupported_certificate" },
		{ 44, ERROR_REJECTED, "certificate_revoked" },
		{ 45, ERROR_REJECTED, "certificate_expired" },
		{ 46, ERROR_REJECTED, "certificate_unknown" },
		{ 48, ERROR_REJECTED, "unknown_ca" },
		{ 49, ERROR_REJECTED, "access_denied" },
		{ 116, ERROR_REJECTED, "certificate_required" },
		{ 40, ERROR_CONNECTOR, "handshake_failure" },
		{ 51, ERROR_TOKEN, "decrypt_error" },
		{ 70, ERROR_CONNECTOR, "protocol_version" },
		{ 80, ERROR_NETWORK, "internal_error" },
		{ 90, ERROR_NETWORK, "user_canceled" },
		{ 20, ERROR_NETWORK, "bad_record_mac" },
		{ 112, ERROR_CONNECTOR, "unrecognized_name" },
		{ 200, ERROR_CONNECTOR, "unknown alert" },
	};
	static const CURLcode codes[] = { CURLE_SSL_CONNECT_ERROR, CURLE_SEND_ERROR,
		CURLE_RECV_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CLIENTCERT };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		for (size_t j = 0; j < ARRAY_LENGTH(codes); j++) {
			struct tls_trace trace = quiet;
			struct https_failure failure = failure_of(codes[j], &trace);

			trace.alert_received = rows[i].alert;
			assert_int_equal(kind_of(&failure), rows[i].kind);
			assert_non_null(strstr(error.message, rows[i].name));
			assert_false(https_failure_is_unverified(&failure));
		}
	}
}

static void what_fails_at_a_proxy_names_it(void **state)
{
	struct https_failure failure = failure_of(CURLE_PEER_FAILED_VERIFICATION, &quiet);

	(void)state;
	failure.proxy = "192.0.2.1 port 3128";
	assert_int_equal(kind_of(&failure), ERROR_NETWORK);
	assert_non_null(
	    strstr(error.message, "the environment names, 192.0.2.1 port 3128: in lib"));
	failure.code = CURLE_SSL_CACERT_BADFILE;
	assert_int_equal(kind_of(&failure), ERROR_CONFIG);
	assert_null(strstr(error.message, "proxy"));
}

static void without_an_identity_none_is_rejected(void **state)
{
	struct tls_trace trace = quiet;
	struct https_failure failure = failure_of(CURLE_RECV_ERROR, &trace);

	(void)state;
	trace.alert_received = 116;
	failure.has_identity = false;
	assert_int_equal(kind_of(&failure), ERROR_CONNECTOR);
}

static void a_server_certificate_that_does_not_verify_may_be_a_matter_of_the_clock(void **state)
{
	static const struct {
		long verify_result;
		enum error_kind kind;
	} rows[] = {
		{ X509_V_ERR_CERT_NOT_YET_VALID, ERROR_CLOCK },
		{ X509_V_ERR_CERT_HAS_EXPIRED, ERROR_CONNECTOR },
		{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, ERROR_CONNECTOR },
		{ X509_V_OK, ERROR_CONNECTOR },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct https_failure failure = failure_of(CURLE_PEER_FAILED_VERIFICATION, &quiet);

		failure.verify_result = rows[i].verify_result;
		assert_true(https_failure_is_unverified(&failure));
		assert_int_equal(kind_of(&failure), rows[i].kind);
	}
}

static void a_key_that_does_not_sign_is_the_tokens_matter(void **state)
{
	struct tls_trace trace = quiet;
	struct https_failure failure = failure_of(CURLE_SSL_CONNECT_ERROR, &trace);

	(void)state;
	trace.certificate_sent = true;
	trace.alert_sent = 80;
	assert_true(https_failure_is_unsigned(&failure));
	assert_int_equal(kind_of(&failure), ERROR_TOKEN);
	trace.signature_sent = true;
	assert_false(https_failure_is_unsigned(&failure));
	assert_int_equal(kind_of(&failure), ERROR_NETWORK);
	trace.signature_sent = false;
	trace.certificate_sent = false;
	assert_false(https_failure_is_unsigned(&failure));
}

static void a_certificate_that_is_kept_back_is_not_called_rejected(void **state)
{
	struct tls_trace trace = quiet;
	struct https_failure failure = failure_of(CURLE_RECV_ERROR, &trace);

	(void)state;
	trace.certificate_withheld = true;
	trace.alert_received = 116;
	assert_int_equal(kind_of(&failure), ERROR_TOKEN);
	failure.has_identity = false;
	assert_false(https_failure_is_withheld(&failure));
	assert_int_equal(kind_of(&failure), ERROR_CONNECTOR);
}

static void a_handshake_that_our_side_gives_up_is_not_the_network(void **state)
{
	static const struct {
		int sent;
		enum error_kind kind;
	} rows[] = {
		{ 70, ERROR_CONNECTOR },
		{ 40, ERROR_CONNECTOR },
		{ 71, ERROR_CONNECTOR },
		{ 20, ERROR_NETWORK },
		{ 50, ERROR_NETWORK },
		{ TLS_ALERT_NONE, ERROR_NETWORK },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct tls_trace trace = quiet;
		struct https_failure failure = failure_of(CURLE_SSL_CONNECT_ERROR, &trace);

		trace.alert_sent = rows[i].sent;
		assert_int_equal(kind_of(&failure), rows[i].kind);
	}
}

static void without_an_alert_the_code_decides(void **state)
{
	static const struct {
		CURLcode code;
		enum error_kind kind;
	} rows[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, ERROR_NETWORK },
		{ CURLE_COULDNT_RESOLVE_PROXY, ERROR_NETWORK },
		{ CURLE_COULDNT_CONNECT, ERROR_NETWORK },
		{ CURLE_OPERATION_TIMEDOUT, ERROR_NETWORK },
		{ CURLE_GOT_NOTHING, ERROR_NETWORK },
		{ CURLE_SEND_ERROR, ERROR_NETWORK },
		{ CURLE_RECV_ERROR, ERROR_NETWORK },
		{ CURLE_PARTIAL_FILE, ERROR_NETWORK },
		{ CURLE_WEIRD_SERVER_REPLY, ERROR_NETWORK },
		{ CURLE_UNSUPPORTED_PROTOCOL, ERROR_NETWORK }, /* an answer that is not HTTP/1 */
		{ CURLE_SSL_CACERT_BADFILE, ERROR_CONFIG },
		{ CURLE_OUT_OF_MEMORY, ERROR_INTERNAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct https_failure failure = failure_of(rows[i].code, &quiet);

		assert_int_equal(kind_of(&failure), rows[i].kind);
		assert_string_equal(error.message, "in libcurl's words");
	}
}

static void a_header_line_that_is_too_long_is_not_a_lack_of_memory(void **state)
{
	static const CURLcode codes[] = { CURLE_OUT_OF_MEMORY, (CURLcode)100 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
		struct tls_trace trace = quiet;
		struct https_failure failure = failure_of(codes[i], &trace);

		trace.request_sent = true;
		assert_int_equal(kind_of(&failure), ERROR_CONNECTOR);
	}
}

static void a_connection_refused_is_explained_by_the_system(void **state)
{
	struct https_failure failure = failure_of(CURLE_COULDNT_CONNECT, &quiet);

	(void)state;
	failure.os_error = ECONNREFUSED;
	assert_int_equal(kind_of(&failure), ERROR_NETWORK);
	assert_string_equal(error.message, "in libcurl's words: Connection refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_decides_whatever_the_code),
		cmocka_unit_test(what_fails_at_a_proxy_names_it),
		cmocka_unit_test(without_an_identity_none_is_rejected),
		cmocka_unit_test(
		    a_server_certificate_that_does_not_verify_may_be_a_matter_of_the_clock),
		cmocka_unit_test(a_key_that_does_not_sign_is_the_tokens_matter),
		cmocka_unit_test(a_certificate_that_is_kept_back_is_not_called_rejected),
		cmocka_unit_test(a_handshake_that_our_side_gives_up_is_not_the_network),
		cmocka_unit_test(without_an_alert_the_code_decides),
		cmocka_unit_test(a_connection_refused_is_explained_by_the_system),
		cmocka_unit_test(a_header_line_that_is_too_long_is_not_a_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
