#include "transport/resolve.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

static void an_address_is_its_own(void **state)
{
	struct error error = ERROR_INIT;
	char addresses[64];

	(void)state;
	assert_ok(resolve_host("127.0.0.1", addresses, sizeof(addresses), &error), &error);
	assert_string_equal(addresses, "127.0.0.1");
	assert_ok(resolve_host("[::1]", addresses, sizeof(addresses), &error), &error);
	assert_string_equal(addresses, "::1");
}

static void a_name_that_nobody_has_is_named(void **state)
{
	struct error error = ERROR_INIT;
	char addresses[64];

	(void)state;
	assert_refused(resolve_host("nowhere.invalid", addresses, sizeof(addresses), &error),
	    &error, ERROR_NETWORK);
	assert_non_null(strstr(error.message, "nowhere.invalid"));
}

static void a_variable_that_is_empty_names_no_proxy(void **state)
{
	(void)state;
	unsetenv("HTTPS_PROXY");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	setenv("https_proxy", "", 1);
	assert_null(resolve_proxy_variable());
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	assert_string_equal(resolve_proxy_variable(), "all_proxy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_its_own),
		cmocka_unit_test(a_name_that_nobody_has_is_named),
		cmocka_unit_test(a_variable_that_is_empty_names_no_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
