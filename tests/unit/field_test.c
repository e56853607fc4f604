#include "pkcs11/field.h"

#include "base/compiler.h"
#include "tests/unit/test.h"

#include <string.h>

struct field {
	const char *bytes;
	size_t length;
	const char *text;
};

static void assert_texts(const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[33];

		field_text(
		    (const unsigned char *)fields[i].bytes, fields[i].length, text, sizeof(text));
		assert_string_equal(text, fields[i].text);
	}
}

static void padding_goes_and_what_is_inside_stays(void **state)
{
	static const struct field cases[] = {
		{ "fleet   ", 8, "fleet" },
		{ "fleet\0\0\0", 8, "fleet" },
		{ "my fleet", 8, "my fleet" },
		{ "  fleet", 7, "  fleet" },
		{ "        ", 8, "" },
		{ "", 0, "" },
		{ "fl\xc3\xb6te", 6, "fl\xc3\xb6te" },
	};

	(void)state;
	assert_texts(cases, ARRAY_LENGTH(cases));
}

static void what_a_terminal_or_json_would_not_bear_becomes_a_question_mark(void **state)
{
	static const struct field cases[] = {
		{ "a\x1b[2J", 5, "a?[2J" },
		{ "a\nb", 3, "a?b" },
		{ "a\0b", 3, "a?b" },
		{ "a\x7f", 2, "a?" },
		{ "a\xc2\x9b"
		  "b",
		    4, "a?b" },
		{ "a\xff"
		  "b",
		    3, "a?b" },
		{ "a\xc3", 2, "a?" },
		{ "\xed\xa0\x80", 3, "???" },
	};

	(void)state;
	assert_texts(cases, ARRAY_LENGTH(cases));
}

static void a_text_that_is_too_long_is_cut_between_two_characters(void **state)
{
	char text[5];

	(void)state;
	field_text((const unsigned char *)"abcdef", 6, text, sizeof(text));
	assert_string_equal(text, "abcd");
	field_text((const unsigned char *)"abc\xc3\xb6", 5, text, sizeof(text));
	assert_string_equal(text, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(padding_goes_and_what_is_inside_stays),
		cmocka_unit_test(what_a_terminal_or_json_would_not_bear_becomes_a_question_mark),
		cmocka_unit_test(a_text_that_is_too_long_is_cut_between_two_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
