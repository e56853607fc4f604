#include "base/json_syntax.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <string.h>

/* A literal and its length, so that NUL bytes can stand in it. */
#define TEXT(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

struct text {
	const char *bytes;
	size_t length;
};

#define DEPTH_MAX 8

/* Looks at an exact copy without a NUL, where a byte read too much is seen by the sanitizers. */
static bool check(const char *bytes, size_t length, struct error *error)
{
	scoped(char) char *exact = malloc(length + 1);

	memcpy(exact + 1, bytes, length);
	return json_syntax_check(exact + 1, length, DEPTH_MAX, "it", ERROR_CONNECTOR, error);
}

static void assert_all_refused(const struct text *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error error = ERROR_INIT;

		if (check(texts[i].bytes, texts[i].length, &error))
			fail_msg("%s was accepted", texts[i].bytes);
		assert_int_equal(error.kind, ERROR_CONNECTOR);
		assert_true(text_starts_with(error.message, "it is not valid JSON: byte "));
	}
}

static void every_form_of_the_grammar_is_accepted(void **state)
{
	static const char *const accepted[] = {
		"{}",
		"[]",
		"\"\"",
		"0",
		"-0",
		"10",
		"-1.5e-7",
		"2E+3",
		"0.25",
		"true",
		"false",
		"null",
		" \t\r\n{ \"a\" : [ 1 , { } , [ ] , null ] , \"b\" : \"\" } \n",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00 \x7f é€😀\"",
		"\"\\u0001\\ud7ff\\ue000\\uffff\\ud800\\udc00\\udbff\\udfff\"",
		"{\"a\":1,\"A\":2,\"b\":{\"a\":1}}",
		"123456789012345678901234567890123456789012345678901234567890123",
	};

	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(accepted); i++)
		assert_ok(check(accepted[i], strlen(accepted[i]), &error), &error);
}

static void numbers_outside_of_the_grammar_are_refused(void **state)
{
	static const struct text refused[] = {
		TEXT("01"),
		TEXT("-01"),
		TEXT("+1"),
		TEXT("-"),
		TEXT("1."),
		TEXT(".5"),
		TEXT("1.e3"),
		TEXT("1e"),
		TEXT("1e+"),
		TEXT("1E-x"),
		TEXT("0x10"),
		TEXT("nan"),
		TEXT("NaN"),
		TEXT("inf"),
		TEXT("-Infinity"),
		TEXT("1234567890123456789012345678901234567890123456789012345678901234"),
		TEXT("1 2"),
		TEXT("--1"),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void strings_outside_of_the_grammar_are_refused(void **state)
{
	static const struct text refused[] = {
		TEXT("\""),
		TEXT("\"abc"),
		TEXT("\"\\\""),
		TEXT("\"\\"),
		TEXT("'a'"),
		TEXT("\"a\nb\""),
		TEXT("\"a\tb\""),
		TEXT("\"\x1f\""),
		TEXT("\"a\0b\""),
		TEXT("\"\\x41\""),
		TEXT("\"\\a\""),
		TEXT("\"\\\0\""),
		TEXT("\"\\u12\""),
		TEXT("\"\\u12"),
		TEXT("\"\\u12g4\""),
		TEXT("\"\\u+123\""),
		TEXT("\"\\u\0\0\0\0\""),
		TEXT("\"\\U0041\""),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void strings_that_no_c_string_can_hold_are_refused(void **state)
{
	static const struct text refused[] = {
		TEXT("\"\\u0000\""),
		TEXT("\"abc\\u0000def\""),
		TEXT("{\"a\\u0000b\":1}"),
		TEXT("[{\"a\":[\"\\u0000\"]}]"),
		TEXT("\"\\ud83d\""),
		TEXT("\"\\ud83dx\""),
		TEXT("\"\\ud83d\\n\""),
		TEXT("\"\\ud83d\\u0041\""),
		TEXT("\"\\ud83d\\ud83d\""),
		TEXT("\"\\ud83d\\u"),
		TEXT("\"\\ud800\""),
		TEXT("\"\\ude00\""),
		TEXT("\"\\ude00\\ude00\""),
		TEXT("\"\\udfff\""),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void bytes_that_are_not_utf8_are_refused(void **state)
{
	static const struct text refused[] = {
		TEXT("\"\xff\""),
		TEXT("\"\xc0\xaf\""),
		TEXT("\"\xed\xa0\x80\""),
		TEXT("\"\xe2\x82\""),
		TEXT("\"\xe2"),
		TEXT("{\"\xf5\":1}"),
		TEXT("\xef\xbb\xbf{}"), /* a byte order mark */
		TEXT("\xff\xfe{\0}\0"),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void structures_outside_of_the_grammar_are_refused(void **state)
{
	static const struct text refused[] = {
		TEXT(""),
		TEXT(" "),
		TEXT("["),
		TEXT("]"),
		TEXT("[1"),
		TEXT("[1,"),
		TEXT("[1,]"),
		TEXT("[,1]"),
		TEXT("[1 2]"),
		TEXT("[1}"),
		TEXT("{"),
		TEXT("{]"),
		TEXT("{\"a\"}"),
		TEXT("{\"a\":}"),
		TEXT("{\"a\":1,}"),
		TEXT("{\"a\" 1}"),
		TEXT("{\"a\":1 \"b\":2}"),
		TEXT("{a:1}"),
		TEXT("{1:1}"),
		TEXT("{,}"),
		TEXT("True"),
		TEXT("nul"),
		TEXT("truefalse"),
		TEXT("// x\n{}"),
		TEXT("{}/**/"),
		TEXT("\v{}"),
		TEXT("\f1"),
		TEXT("[1\xc2\xa0]"),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void only_blanks_may_follow_the_value(void **state)
{
	static const struct text refused[] = {
		TEXT("{} {}"),
		TEXT("{}x"),
		TEXT("{}}"),
		TEXT("{},"),
		TEXT("{}\0"),
		TEXT("{}\0{}"),
		TEXT("1,"),
		TEXT("null\v"),
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
		assert_all_refused(&(struct text){ text, (size_t)2 * DEPTH_MAX + 2 }, 1);
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
