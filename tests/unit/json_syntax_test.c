#include "base/json_syntax.h"

#include "base/compiler.h"
#include "tests/unit/json_texts.h"
#include "tests/unit/test.h"

#include <string.h>

#define DEPTH_MAX 8

static bool check(const char *bytes, size_t length, struct error *error)
{
	return json_syntax_check(bytes, length, DEPTH_MAX, "it", ERROR_CONNECTOR, error);
}

static void assert_all_refused(const struct json_text *texts, size_t count)
{
	json_texts_assert_refused(check, texts, count, "it is not valid JSON: byte ");
}

static void every_form_of_the_grammar_is_accepted(void **state)
{
	(void)state;
	json_texts_assert_accepted(check);
}

static void numbers_outside_of_the_grammar_are_refused(void **state)
{
	static const struct json_text refused[] = {
		JSON_TEXT("01"),
		JSON_TEXT("-01"),
		JSON_TEXT("+1"),
		JSON_TEXT("-"),
		JSON_TEXT("1."),
		JSON_TEXT(".5"),
		JSON_TEXT("1.e3"),
		JSON_TEXT("1e"),
		JSON_TEXT("1e+"),
		JSON_TEXT("1E-x"),
		JSON_TEXT("0x10"),
		JSON_TEXT("nan"),
		JSON_TEXT("NaN"),
		JSON_TEXT("inf"),
		JSON_TEXT("-Infinity"),
		JSON_TEXT("1234567890123456789012345678901234567890123456789012345678901234"),
		JSON_TEXT("1 2"),
		JSON_TEXT("--1"),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void strings_outside_of_the_grammar_are_refused(void **state)
{
	static const struct json_text refused[] = {
		JSON_TEXT("\""),
		JSON_TEXT("\"abc"),
		JSON_TEXT("\"\\\""),
		JSON_TEXT("\"\\"),
		JSON_TEXT("'a'"),
		JSON_TEXT("\"a\nb\""),
		JSON_TEXT("\"a\tb\""),
		JSON_TEXT("\"\x1f\""),
		JSON_TEXT("\"a\0b\""),
		JSON_TEXT("\"\\x41\""),
		JSON_TEXT("\"\\a\""),
		JSON_TEXT("\"\\\0\""),
		JSON_TEXT("\"\\u12\""),
		JSON_TEXT("\"\\u12"),
		JSON_TEXT("\"\\u12g4\""),
		JSON_TEXT("\"\\u+123\""),
		JSON_TEXT("\"\\u\0\0\0\0\""),
		JSON_TEXT("\"\\U0041\""),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void strings_that_no_c_string_can_hold_are_refused(void **state)
{
	static const struct json_text refused[] = {
		JSON_TEXT("\"\\u0000\""),
		JSON_TEXT("\"abc\\u0000def\""),
		JSON_TEXT("{\"a\\u0000b\":1}"),
		JSON_TEXT("[{\"a\":[\"\\u0000\"]}]"),
		JSON_TEXT("\"\\ud83d\""),
		JSON_TEXT("\"\\ud83dx\""),
		JSON_TEXT("\"\\ud83d\\n\""),
		JSON_TEXT("\"\\ud83d\\u0041\""),
		JSON_TEXT("\"\\ud83d\\ud83d\""),
		JSON_TEXT("\"\\ud83d\\u"),
		JSON_TEXT("\"\\ud800\""),
		JSON_TEXT("\"\\ude00\""),
		JSON_TEXT("\"\\ude00\\ude00\""),
		JSON_TEXT("\"\\udfff\""),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void bytes_that_are_not_utf8_are_refused(void **state)
{
	static const struct json_text refused[] = {
		JSON_TEXT("\"\xff\""),
		JSON_TEXT("\"\xc0\xaf\""),
		JSON_TEXT("\"\xed\xa0\x80\""),
		JSON_TEXT("\"\xe2\x82\""),
		JSON_TEXT("\"\xe2"),
		JSON_TEXT("{\"\xf5\":1}"),
		JSON_TEXT("\xef\xbb\xbf{}"), /* a byte order mark */
		JSON_TEXT("\xff\xfe{\0}\0"),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void structures_outside_of_the_grammar_are_refused(void **state)
{
	static const struct json_text refused[] = {
		JSON_TEXT(""),
		JSON_TEXT(" "),
		JSON_TEXT("["),
		JSON_TEXT("]"),
		JSON_TEXT("[1"),
		JSON_TEXT("[1,"),
		JSON_TEXT("[1,]"),
		JSON_TEXT("[,1]"),
		JSON_TEXT("[1 2]"),
		JSON_TEXT("[1}"),
		JSON_TEXT("{"),
		JSON_TEXT("{]"),
		JSON_TEXT("{\"a\"}"),
		JSON_TEXT("{\"a\":}"),
		JSON_TEXT("{\"a\":1,}"),
		JSON_TEXT("{\"a\" 1}"),
		JSON_TEXT("{\"a\":1 \"b\":2}"),
		JSON_TEXT("{a:1}"),
		JSON_TEXT("{1:1}"),
		JSON_TEXT("{,}"),
		JSON_TEXT("True"),
		JSON_TEXT("nul"),
		JSON_TEXT("truefalse"),
		JSON_TEXT("// x\n{}"),
		JSON_TEXT("{}/**/"),
		JSON_TEXT("\v{}"),
		JSON_TEXT("\f1"),
		JSON_TEXT("[1\xc2\xa0]"),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void only_blanks_may_follow_the_value(void **state)
{
	static const struct json_text refused[] = {
		JSON_TEXT("{} {}"),
		JSON_TEXT("{}x"),
		JSON_TEXT("{}}"),
		JSON_TEXT("{},"),
		JSON_TEXT("{}\0"),
		JSON_TEXT("{}\0{}"),
		JSON_TEXT("1,"),
		JSON_TEXT("null\v"),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void depth_is_bounded(void **state)
{
	static const char pairs[][2] = { { '[', ']' }, { '{', '}' } };
	char text[2 * DEPTH_MAX + 2];
	struct error error = ERROR_INIT;

	(void)state;
	memset(text, '[', DEPTH_MAX);
	memset(text + DEPTH_MAX, ']', DEPTH_MAX);
	assert_ok(check(text, (size_t)2 * DEPTH_MAX, &error), &error);

	memset(text, '[', DEPTH_MAX + 1);
	memset(text + DEPTH_MAX + 1, ']', DEPTH_MAX + 1);
	for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
		text[DEPTH_MAX] = pairs[i][0];
		text[DEPTH_MAX + 1] = pairs[i][1];
		assert_all_refused(&(struct json_text){ text, (size_t)2 * DEPTH_MAX + 2 }, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_the_grammar_is_accepted),
		cmocka_unit_test(numbers_outside_of_the_grammar_are_refused),
		cmocka_unit_test(strings_outside_of_the_grammar_are_refused),
		cmocka_unit_test(strings_that_no_c_string_can_hold_are_refused),
		cmocka_unit_test(bytes_that_are_not_utf8_are_refused),
		cmocka_unit_test(structures_outside_of_the_grammar_are_refused),
		cmocka_unit_test(only_blanks_may_follow_the_value),
		cmocka_unit_test(depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
