#include "agent/enrolment/enroll_token.h"

#include "base/secret.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void assert_token(const char *text, const char *token, const char *url)
{
	scoped(enroll_token) struct enroll_token parsed = { .secret = NULL };
	struct error error = ERROR_INIT;

	if (!enroll_token_parse(text, strlen(text), &parsed, &error))
		fail_msg("%s: %s", text, error.message);
	assert_string_equal(secret_bytes(parsed.secret), token);
	assert_int_equal(secret_length(parsed.secret), strlen(token));
	if (!text_equal(parsed.url, url))
		fail_msg("%s: URL %s", text, parsed.url ? parsed.url : "none");
}

static void assert_no_token(const char *text, const char *message)
{
	struct enroll_token parsed = { .secret = NULL };
	struct error error = ERROR_INIT;

	if (enroll_token_parse(text, strlen(text), &parsed, &error))
		fail_msg("%s: taken", text);
	assert_int_equal(error.kind, ERROR_USAGE);
	assert_string_equal(error.message, message);
	assert_null(parsed.secret);
}

/* As openssl base64 -A writes it. */
static void encode(const char *text, char target[1024])
{
	assert_true(strlen(text) < 700);
	EVP_EncodeBlock((unsigned char *)target, (const unsigned char *)text, (int)strlen(text));
}

static void assert_encoded_token(const char *json, const char *token, const char *url)
{
	char encoded[1024];

	encode(json, encoded);
	assert_token(encoded, token, url);
	assert_token(json, token, url);
}

static void a_plain_token_is_taken_without_the_blanks_around_it(void **state)
{
	(void)state;
	assert_token("abc-_D==", "abc-_D==", NULL);
	assert_token(" \t abc\r\n\n", "abc", NULL);
}

/* "e25v" is the base64 of "{no": a token is random, it may look like anything. */
static void a_plain_token_that_could_be_base64_of_json_is_still_a_token(void **state)
{
	(void)state;
	assert_token("e25v", "e25v", NULL);
	assert_token("e===", "e===", NULL);
	assert_token("====", "====", NULL);
}

static void raw_encoded_brings_token_and_url(void **state)
{
	(void)state;
	assert_encoded_token(
	    "{\"token\":\"t0\",\"connectorURL\":\"https://a/graphql\"}", "t0", "https://a/graphql");
	assert_encoded_token(
	    "{\"token\":\"t0\",\"connectorURL\":\"https://a/graphq\"}", "t0", "https://a/graphq");
	assert_encoded_token(
	    "{\"token\":\"t0\",\"connectorURL\":\"https://a/graph\"}", "t0", "https://a/graph");
	assert_encoded_token("{\"token\":\"t0\"}", "t0", NULL);
	assert_encoded_token("{\"token\":\"t0\",\"connectorURL\":null,\"used\":false}", "t0", NULL);
	assert_encoded_token("{\"token\":\"t0\",\"connectorURL\":\"\"}", "t0", NULL);
}

static void a_legacy_url_brings_its_token_only(void **state)
{
	(void)state;
	assert_token("https://a/v1/info?token=t0", "t0", NULL);
	assert_token("https://a/v1/info?x=y&token=a%2Bb%3D%3d&z", "a+b==", NULL);
}

static void what_is_no_token_is_refused(void **state)
{
	char encoded[1024];

	(void)state;
	assert_no_token("", "the one-time token is empty");
	assert_no_token(" \n", "the one-time token is empty");
	assert_no_token("two words", "the one-time token holds a blank, or what no token holds");
	assert_no_token(
	    "a\r\nX-Header: b", "the one-time token holds a blank, or what no token holds");
	assert_no_token("t\xc3\xa4", "the one-time token holds a blank, or what no token holds");
	assert_no_token(
	    "{\"connectorURL\":\"https://a\"}", "the one-time token's JSON has no \"token\"");
	assert_no_token("{\"token\":7}", "the one-time token's JSON has no \"token\"");
	assert_no_token("{\"token\":\"\"}", "the one-time token is empty");
	assert_no_token(
	    "{\"token\":\"a\\r\\nb\"}", "the one-time token holds a blank, or what no token holds");
	assert_no_token("{\"token\":\"a\",\"connectorURL\":\"http://a\"}",
	    "the one-time token's connectorURL: must be an https:// URL");
	encode("{\"tokens\":\"a\"}", encoded);
	assert_no_token(encoded, "the one-time token's JSON has no \"token\"");
	assert_no_token("https://a/info", "the URL given as one-time token has no ?token= in it");
	assert_no_token("https://a/info?token=", "the one-time token is empty");
	assert_no_token(
	    "https://a/info?token=%4", "the URL given as one-time token has no ?token= in it");
	assert_no_token(
	    "https://a/info?token=%zz", "the URL given as one-time token has no ?token= in it");
	assert_no_token("https://a/info?token=a%0d%0ab",
	    "the one-time token holds a blank, or what no token holds");
}

static void json_that_is_broken_is_refused_and_not_shown(void **state)
{
	static const char text[] = "{\"token\":\"4711\",}";
	struct enroll_token parsed;
	struct error error = ERROR_INIT;

	(void)state;
	assert_refused(
	    enroll_token_parse(text, strlen(text), &parsed, &error), &error, ERROR_USAGE);
	assert_null(strstr(error.message, "4711"));
}

static void a_token_that_is_too_long_is_refused(void **state)
{
	char text[SECRET_SIZE_MAX + 2] = "";
	scoped(enroll_token) struct enroll_token parsed = { .secret = NULL };
	struct error error = ERROR_INIT;

	(void)state;
	memset(text, 'x', SECRET_SIZE_MAX);
	assert_ok(enroll_token_parse(text, strlen(text), &parsed, &error), &error);
	text[SECRET_SIZE_MAX] = 'x';
	assert_no_token(text, "the one-time token is longer than 4096 bytes");
}

static void a_file_is_read_and_its_mode_looked_at(void **state)
{
	char path[] = "/tmp/enroll-token-test-XXXXXX";
	int file = mkstemp(path);
	scoped(enroll_token) struct enroll_token closed = { .secret = NULL };
	scoped(enroll_token) struct enroll_token open_to_all = { .secret = NULL };
	struct error error = ERROR_INIT;

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(write(file, "t0\n", 3), 3);
	assert_ok(enroll_token_read(path, &closed, &error), &error);
	assert_string_equal(secret_bytes(closed.secret), "t0");
	assert_false(closed.exposed);
	assert_int_equal(fchmod(file, 0640), 0);
	assert_ok(enroll_token_read(path, &open_to_all, &error), &error);
	assert_true(open_to_all.exposed);
	close(file);
	unlink(path);
	assert_refused(enroll_token_read(path, &closed, &error), &error, ERROR_USAGE);
}

static void a_dash_is_standard_input(void **state)
{
	scoped(enroll_token) struct enroll_token token = { .secret = NULL };
	struct error error = ERROR_INIT;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "t0\n", 3), 3);
	close(ends[1]);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	assert_ok(enroll_token_read("-", &token, &error), &error);
	assert_string_equal(secret_bytes(token.secret), "t0");
	assert_false(token.exposed);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_token_is_taken_without_the_blanks_around_it),
		cmocka_unit_test(a_plain_token_that_could_be_base64_of_json_is_still_a_token),
		cmocka_unit_test(raw_encoded_brings_token_and_url),
		cmocka_unit_test(a_legacy_url_brings_its_token_only),
		cmocka_unit_test(what_is_no_token_is_refused),
		cmocka_unit_test(json_that_is_broken_is_refused_and_not_shown),
		cmocka_unit_test(a_token_that_is_too_long_is_refused),
		cmocka_unit_test(a_file_is_read_and_its_mode_looked_at),
		cmocka_unit_test(a_dash_is_standard_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
