#include "base/base64.h"

#include "base/compiler.h"
#include "base/scoped.h"
#include "tests/unit/test.h"

#include <string.h>

static struct error error;

static void what_is_encoded_decodes_to_the_same_bytes(void **state)
{
	unsigned char bytes[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		scoped(char) char *text = NULL;
		scoped(char) char *again = NULL;
		size_t again_length = 0;

		assert_ok(base64_encode(bytes, length, &text, &error), &error);
		assert_null(strpbrk(text, " \r\n"));
		assert_true(base64_decode(text, &again, &again_length));
		assert_int_equal(again_length, length);
		assert_memory_equal(again, bytes, length);
		assert_int_equal(again[length], '\0');
	}
}

/* RFC 4648, 10 */
static void the_vectors_of_the_rfc_hold(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		scoped(char) char *text = NULL;

		assert_ok(base64_encode(rows[i][0], strlen(rows[i][0]), &text, &error), &error);
		assert_string_equal(text, rows[i][1]);
	}
}

static void anything_else_is_refused(void **state)
{
	static const char *const rows[] = {
		"Z",
		"Zg",
		"Zg=",
		"Zg===",
		"=",
		"====",
		"Z===",
		"=Zg=",
		"Zg=a",
		"Zm9v Zm9v",
		" Zm9",
		"Zm9 ",
		"Zm9v\n",
		"\nZm9",
		"Zm9\n",
		"Zm9vZm9\n",
		"Zm9v\r\nZm9",
		"Zm9-",
		"Zm9_",
		"Zm9!",
		"Zm\xc3\xa9",
		"Zg==Zg==",
	};
	char *bytes = NULL;
	size_t length;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (base64_decode(rows[i], &bytes, &length))
			fail_msg("\"%s\" was decoded", rows[i]);
	assert_null(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_decodes_to_the_same_bytes),
		cmocka_unit_test(the_vectors_of_the_rfc_hold),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
