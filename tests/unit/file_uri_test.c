#include "base/file_uri.h"

#include "base/compiler.h"
#include "base/scoped.h"
#include "tests/unit/test.h"

#include <string.h>

static void a_path_is_written_so_that_it_is_read_again(void **state)
{
	static const struct {
		const char *path, *uri;
	} rows[] = {
		{ "/etc/app.key", "file:///etc/app.key" },
		{ "/a b/%41/c?d#e;f", "file:///a%20b/%2541/c%3fd%23e%3bf" },
		{ "/\xc3\xa4\n", "file:///%c3%a4%0a" },
		{ "/", "file:///" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		scoped(char) char *uri = file_uri_format(rows[i].path);
		scoped(char) char *path = NULL;

		assert_string_equal(uri, rows[i].uri);
		assert_true(file_uri_parse(uri, &path));
		assert_string_equal(path, rows[i].path);
	}
}

static void both_forms_of_a_local_file_are_read_and_nothing_else(void **state)
{
	static const char *const refused[] = { "", "file:", "file://", "file:etc/app.key",
		"file://host/app.key", "pkcs11:id=%01", "/etc/app.key", "file:///a%", "file:///a%4",
		"file:///a%4g", "file:///a%00b" };
	scoped(char) char *path = NULL;

	(void)state;
	assert_true(file_uri_parse("file:/etc/app%2Ekey", &path));
	assert_string_equal(path, "/etc/app.key");
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		char *none = NULL;

		if (file_uri_parse(refused[i], &none))
			fail_msg("%s: %s", refused[i], none);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_written_so_that_it_is_read_again),
		cmocka_unit_test(both_forms_of_a_local_file_are_read_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
