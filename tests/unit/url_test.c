#include "transport/url.h"

#include "base/compiler.h"
#include "tests/unit/test.h"

#include <string.h>

static void the_host_of_an_https_url_is_found_in_lower_case(void **state)
{
	static const char *const rows[][2] = {
		{ "https://a.example.com/connector/graphql", "a.example.com" },
		{ "HTTPS://A.Example.COM:8443/x", "a.example.com" },
		{ "https://a.example.com", "a.example.com" },
		{ "https://127.0.0.1:1/", "127.0.0.1" },
		{ "https://[::1]:8443/", "[::1]" },
		{ "https://a.example.com/?u=https://b@c.example.com/", "a.example.com" },
		{ "https://a.example.com#@b.example.com/", "a.example.com" },
		{ "https://a.example.com?@b.example.com/", "a.example.com" },
	};
	char host[URL_HOST_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		assert_true(url_https_host(rows[i][0], host));
		assert_string_equal(host, rows[i][1]);
	}
}

static void any_other_text_has_no_host(void **state)
{
	static const char *const rows[] = {
		"",
		"https",
		"https://",
		"http://a.example.com/",
		"ftp://a.example.com/",
		"file:///etc/passwd",
		"a.example.com",
		"127.0.0.1:3003",
		"//a.example.com/",
		"https://user@a.example.com/",
		"https://user:password@a.example.com/",
		"https://:password@a.example.com/",
		"https://a.example.com:99999/",
		"https://a b.example.com/",
		"https://a.example.com/\r\nHost: b",
		" https://a.example.com/",
		"https://a.example.com:x/",
	};
	char host[URL_HOST_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (url_https_host(rows[i], host))
			fail_msg("%s has the host %s", rows[i], host);
}

static void a_host_that_is_too_long_is_refused(void **state)
{
	char url[URL_HOST_SIZE + 64] = "https://";
	char host[URL_HOST_SIZE];

	(void)state;
	memset(url + strlen(url), 'a', URL_HOST_SIZE);
	assert_false(url_https_host(url, host));
}

static void a_url_is_shown_without_what_may_be_secret(void **state)
{
	char shown[URL_SHOWN_SIZE];
	char long_url[URL_SHOWN_SIZE * 2];

	(void)state;
	url_show("https://a.example.com/x?token=secret", shown);
	assert_string_equal(shown, "https://a.example.com/x");
	url_show("https://a.example.com/x#secret", shown);
	assert_string_equal(shown, "https://a.example.com/x");
	memset(long_url, 'a', sizeof(long_url) - 1);
	long_url[sizeof(long_url) - 1] = '\0';
	url_show(long_url, shown);
	assert_int_equal(strlen(shown), URL_SHOWN_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_of_an_https_url_is_found_in_lower_case),
		cmocka_unit_test(any_other_text_has_no_host),
		cmocka_unit_test(a_host_that_is_too_long_is_refused),
		cmocka_unit_test(a_url_is_shown_without_what_may_be_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
