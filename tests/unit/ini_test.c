#include "agent/config/ini.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <string.h>

struct seen {
	struct text_buffer lines; /* "<number> [section] name=<value>\n" */
	const char *refuse;       /* the name whose line the handler refuses */
};

static bool note(void *context, const struct ini_line *line, struct error *error)
{
	struct seen *seen = context;

	if (line->name && text_equal(line->name, seen->refuse))
		return error_set(error, ERROR_CONFIG, "refused");
	if (line->name)
		return text_printf(&seen->lines, "%u [%s] %s=<%s>\n", line->number, line->section,
		    line->name, line->value);
	return text_printf(&seen->lines, "%u [%s]\n", line->number, line->section);
}

static bool parse_bytes(struct seen *seen, const char *bytes, size_t length, struct error *error)
{
	scoped(char) char *copy = malloc(length + 1);

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	copy[length] = '\0';
	return ini_parse(copy, length, "a.conf", note, seen, error);
}

static void assert_lines(const char *text, const char *expected)
{
	struct seen seen = { .lines = TEXT_BUFFER_INIT(16384) };
	struct error error = ERROR_INIT;

	assert_ok(parse_bytes(&seen, text, strlen(text), &error), &error);
	assert_string_equal(seen.lines.data ? seen.lines.data : "", expected);
	text_discard(&seen.lines);
}

static void assert_refusal_of_bytes(const char *bytes, size_t length, const char *expected)
{
	struct seen seen = { .lines = TEXT_BUFFER_INIT(16384), .refuse = "bad" };
	struct error error = ERROR_INIT;

	assert_refused(parse_bytes(&seen, bytes, length, &error), &error, ERROR_CONFIG);
	assert_string_equal(error.message, expected);
	text_discard(&seen.lines);
}

static void assert_refusal(const char *text, const char *expected)
{
	assert_refusal_of_bytes(text, strlen(text), expected);
}

static void a_value_is_what_follows_the_equals_sign_without_the_blanks_around_it(void **state)
{
	(void)state;
	assert_lines("[agent]\n\ta =  b c \t\nd=\ne = f=g \"h\"\n",
	    "1 [agent]\n2 [agent] a=<b c>\n3 [agent] d=<>\n4 [agent] e=<f=g \"h\">\n");
}

static void a_comment_begins_at_the_line_or_with_a_semicolon_after_a_blank(void **state)
{
	(void)state;
	assert_lines("# a\n ; b\n[s] ; c\na = b ; c\nd = e;f # g\n;[t]\n #x=y\n",
	    "3 [s]\n4 [s] a=<b>\n5 [s] d=<e;f # g>\n");
}

static void sections_are_taken_as_they_are_written(void **state)
{
	(void)state;
	assert_lines("[ identity  Orders ]\r\na=1\r\n[]\n[identity Orders]",
	    "1 [identity  Orders]\n2 [identity  Orders] a=<1>\n3 []\n4 [identity Orders]\n");
}

static void nothing_is_in_an_empty_file(void **state)
{
	(void)state;
	assert_lines("", "");
	assert_lines("\n\n\r\n   \n", "");
}

static void a_line_that_is_none_of_the_three_is_refused_with_its_number(void **state)
{
	static const char malformed[] =
	    "a.conf:2: neither [section] nor name = value nor a comment";

	(void)state;
	assert_refusal("[s]\nword\n", malformed);
	assert_refusal("[s]\n= value\n", malformed);
	assert_refusal("[s]\nname ; = value\n", malformed);
	assert_refusal("\n[s\n", "a.conf:2: the section has no closing bracket");
	assert_refusal("\n[s] a = 1\n", "a.conf:2: something follows the section's bracket");
	assert_refusal("\na = 1\n", "a.conf:2: a setting before the first [section]");
}

static void a_byte_order_mark_is_called_by_its_name(void **state)
{
	(void)state;
	assert_refusal("\xef\xbb\xbf[s]\na = 1\n",
	    "a.conf:1: begins with a byte order mark: save it as plain UTF-8");
}

static void a_refusal_of_the_handler_gets_file_and_line_too(void **state)
{
	(void)state;
	assert_refusal("[s]\ngood = 1\nbad = 1\n", "a.conf:3: refused");
}

static void what_is_no_text_is_refused(void **state)
{
	(void)state;
	assert_refusal_of_bytes(
	    "[s]\na=\0b\n", 9, "a.conf:2: the line holds the control character 0x00");
	assert_refusal("[s]\na=\033b\n", "a.conf:2: the line holds the control character 0x1b");
	assert_refusal("[s]\na=b\rc\n", "a.conf:2: the line holds the control character 0x0d");
	assert_refusal("[s]\na=\xff\n", "a.conf:2: the line is not UTF-8 text");
}

static void the_longest_line_is_taken_and_one_byte_more_is_refused(void **state)
{
	char text[INI_LINE_MAX + 16] = "[s]\na=";

	(void)state;
	memset(text + 6, 'x', INI_LINE_MAX - 2);
	{
		struct seen seen = { .lines = TEXT_BUFFER_INIT(16384) };
		struct error error = ERROR_INIT;

		assert_ok(parse_bytes(&seen, text, strlen(text), &error), &error);
		text_discard(&seen.lines);
	}
	text[strlen(text)] = 'x';
	assert_refusal(text, "a.conf:2: the line is longer than 4096 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_value_is_what_follows_the_equals_sign_without_the_blanks_around_it),
		cmocka_unit_test(a_comment_begins_at_the_line_or_with_a_semicolon_after_a_blank),
		cmocka_unit_test(sections_are_taken_as_they_are_written),
		cmocka_unit_test(nothing_is_in_an_empty_file),
		cmocka_unit_test(a_line_that_is_none_of_the_three_is_refused_with_its_number),
		cmocka_unit_test(a_byte_order_mark_is_called_by_its_name),
		cmocka_unit_test(a_refusal_of_the_handler_gets_file_and_line_too),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(the_longest_line_is_taken_and_one_byte_more_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
