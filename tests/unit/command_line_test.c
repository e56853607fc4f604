#include "base/command_line.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <string.h>

static void a_command_is_split_at_blanks_and_quotes_keep_them(void **state)
{
	static const struct {
		const char *text;
		const char *words[6];
	} cases[] = {
		{ "/bin/pin", { "/bin/pin" } },
		{ "  /bin/pin\t -x  ", { "/bin/pin", "-x" } },
		{ "/bin/pin \"a b\" c", { "/bin/pin", "a b", "c" } },
		{ "/bin/pin a\"b c\"d", { "/bin/pin", "ab cd" } },
		{ "/bin/pin \"\" x", { "/bin/pin", "", "x" } },
		{ "/bin/pin \"\"", { "/bin/pin", "" } },
		{ "\"/opt/my tools/pin\" x", { "/opt/my tools/pin", "x" } },
		{ "/bin/pin 'a b' $HOME \\ ;|&", { "/bin/pin", "'a", "b'", "$HOME", "\\", ";|&" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		scoped(command_line) struct command_line command = { .count = 0 };
		struct error error = ERROR_INIT;
		size_t count = 0;

		assert_ok(command_line_parse(cases[i].text, &command, &error), &error);
		while (count < ARRAY_LENGTH(cases[i].words) && cases[i].words[count])
			count++;
		assert_int_equal(command.count, count);
		assert_null(command.words[count]);
		for (size_t j = 0; j < count; j++)
			assert_string_equal(command.words[j], cases[i].words[j]);
	}
}

static void a_command_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *complaint;
	} cases[] = {
		{ "", "absolute path" },
		{ " \t ", "absolute path" },
		{ "\"\"", "absolute path" },
		{ "pin", "absolute path" },
		{ "./pin", "absolute path" },
		{ "/bin/pin \"a", "not closed" },
		{ "/bin/pin a\"", "not closed" },
		{ "/bin/pin \"a\" \"b\"\"", "not closed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		scoped(command_line) struct command_line command = { .count = 0 };
		struct error error = ERROR_INIT;

		assert_refused(
		    command_line_parse(cases[i].text, &command, &error), &error, ERROR_CONFIG);
		assert_null(command.text);
		assert_non_null(strstr(error.message, cases[i].complaint));
	}
}

static void a_command_of_the_most_words_and_bytes_is_read_and_one_more_refused(void **state)
{
	char text[COMMAND_LINE_LENGTH_MAX + 2] = "/a";
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 1; i < COMMAND_LINE_WORDS_MAX; i++)
		memcpy(text + 2 * i, " b", 3);
	for (int round = 0; round < 2; round++) {
		scoped(command_line) struct command_line command = { .count = 0 };

		assert_ok(command_line_parse(text, &command, &error), &error);
		assert_int_equal(command.count, COMMAND_LINE_WORDS_MAX);
		assert_null(command.words[COMMAND_LINE_WORDS_MAX]);
		memset(text + 2 * COMMAND_LINE_WORDS_MAX, 'c',
		    COMMAND_LINE_LENGTH_MAX - 2 * COMMAND_LINE_WORDS_MAX);
	}
	text[COMMAND_LINE_LENGTH_MAX] = 'c';
	{
		scoped(command_line) struct command_line command = { .count = 0 };

		assert_refused(command_line_parse(text, &command, &error), &error, ERROR_CONFIG);
		assert_non_null(strstr(error.message, "4096 bytes"));
	}
	memcpy(text + 2 * COMMAND_LINE_WORDS_MAX, " b", 3);
	{
		scoped(command_line) struct command_line command = { .count = 0 };

		assert_refused(command_line_parse(text, &command, &error), &error, ERROR_CONFIG);
		assert_non_null(strstr(error.message, "64 words"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_split_at_blanks_and_quotes_keep_them),
		cmocka_unit_test(a_command_that_is_none_is_refused),
		cmocka_unit_test(
		    a_command_of_the_most_words_and_bytes_is_read_and_one_more_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
