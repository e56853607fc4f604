#include "base/text.h"

#include "base/scoped.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

void __real_free(void *memory);
void __wrap_free(void *memory);

/* Set while a test looks whether what is freed still begins with this text. */
static const char *forbidden;

void __wrap_free(void *memory)
{
	if (forbidden && memory)
		assert_memory_not_equal(memory, forbidden, strlen(forbidden));
	__real_free(memory);
}

static void a_buffer_collects_bytes_strings_and_formatted_text(void **state)
{
	scoped(text) struct text_buffer buffer = TEXT_BUFFER_INIT(1000);
	scoped(char) char *taken = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_true(text_add(&buffer, "ab\0c", 4));
	assert_true(text_add_string(&buffer, "def"));
	assert_true(text_printf(&buffer, "-%s-%d", "x", 42));
	assert_true(text_add(&buffer, NULL, 0));
	assert_int_equal(buffer.length, 12);
	assert_ok(text_take(&buffer, &taken, &error), &error);
	assert_memory_equal(taken, "ab\0cdef-x-42", 13);
	assert_null(buffer.data);
	assert_int_equal(buffer.length, 0);
	assert_true(text_add_string(&buffer, "again"));
	assert_string_equal(buffer.data, "again");
}

static void an_empty_buffer_gives_an_empty_text(void **state)
{
	scoped(text) struct text_buffer buffer = TEXT_BUFFER_INIT(0);
	scoped(char) char *taken = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(text_take(&buffer, &taken, &error), &error);
	assert_string_equal(taken, "");
}

static void a_buffer_takes_exactly_its_limit(void **state)
{
	(void)state;
	for (size_t limit = 1; limit < 300; limit++) {
		scoped(text) struct text_buffer buffer = TEXT_BUFFER_INIT(limit);

		for (size_t i = 0; i < limit; i++)
			assert_true(text_add(&buffer, "x", 1));
		assert_int_equal(buffer.length, limit);
		assert_int_equal(strlen(buffer.data), limit);
		assert_false(text_add(&buffer, "x", 1));
	}
}

static void what_does_not_fit_fails_the_buffer_until_it_is_discarded(void **state)
{
	scoped(text) struct text_buffer buffer = TEXT_BUFFER_INIT(8);
	char *taken = (char *)"untouched";
	struct error error = ERROR_INIT;

	(void)state;
	assert_true(text_add_string(&buffer, "12345678"));
	assert_false(text_printf(&buffer, "%d", 9));
	assert_string_equal(buffer.data, "12345678");
	assert_false(text_add(&buffer, "", 0));
	assert_refused(text_take(&buffer, &taken, &error), &error, ERROR_INTERNAL);
	assert_string_equal(taken, "untouched");
	text_discard(&buffer);
	assert_true(text_add_string(&buffer, "1"));
	assert_false(text_add(&buffer, "x", SIZE_MAX));
	assert_false(text_printf(&buffer, "x"));
}

static void what_was_in_a_buffer_is_wiped_when_it_grows_and_when_it_goes(void **state)
{
	struct text_buffer buffer = TEXT_BUFFER_INIT(100000);

	(void)state;
	assert_true(text_add_string(&buffer, "swordfish"));
	forbidden = "swordfish";
	for (int i = 0; i < 2000; i++)
		text_add_string(&buffer, " and more");
	text_discard(&buffer);
	forbidden = NULL;
	assert_null(buffer.data);
	assert_int_equal(buffer.limit, 100000);
}

static void texts_are_compared_exactly(void **state)
{
	(void)state;
	assert_true(text_equal("a", "a"));
	assert_false(text_equal("a", "A"));
	assert_false(text_equal("a", "ab"));
	assert_true(text_equal(NULL, NULL));
	assert_false(text_equal("", NULL));
	assert_false(text_equal(NULL, ""));
	assert_true(text_starts_with("pkcs11:token", "pkcs11:"));
	assert_true(text_starts_with("x", ""));
	assert_false(text_starts_with("pkcs1", "pkcs11:"));
	assert_false(text_starts_with("PKCS11:token", "pkcs11:"));
	assert_false(text_starts_with(NULL, "x"));
}

static void copies_and_formats_fit_or_say_so(void **state)
{
	scoped(char) char *copy = text_duplicate("token");
	char target[4] = "old";

	(void)state;
	assert_string_equal(copy, "token");
	assert_true(text_copy(target, sizeof(target), "abc"));
	assert_string_equal(target, "abc");
	assert_false(text_copy(target, sizeof(target), "abcd"));
	assert_string_equal(target, "abc");
	assert_false(text_copy(target, 0, ""));
	assert_true(text_format(target, sizeof(target), "%d", 123));
	assert_string_equal(target, "123");
	assert_false(text_format(target, sizeof(target), "%d", 1234));
	assert_string_equal(target, "123");
}

static void valid_utf8_is_measured_and_anything_else_is_zero(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		size_t size;
	} cases[] = {
		{ "", 0, 0 },
		{ "a", 1, 1 },
		{ "\0", 1, 1 },
		{ "\x7f", 1, 1 },
		{ "\xc2\x80z", 3, 2 },
		{ "\xe0\xa0\x80", 3, 3 },
		{ "\xed\x9f\xbf", 3, 3 },
		{ "\xef\xbf\xbf", 3, 3 },
		{ "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 },
		{ "\x80", 1, 0 },
		{ "\xc2", 1, 0 },             /* cut */
		{ "\xe2\x82", 2, 0 },         /* cut */
		{ "\xf0\x9f\x98", 3, 0 },     /* cut */
		{ "\xc1\xbf", 2, 0 },         /* one byte would do */
		{ "\xe0\x9f\xbf", 3, 0 },     /* two would do */
		{ "\xf0\x8f\xbf\xbf", 4, 0 }, /* three would do */
		{ "\xed\xa0\x80", 3, 0 },     /* a surrogate */
		{ "\xf4\x90\x80\x80", 4, 0 }, /* beyond U+10FFFF */
		{ "\xf5\x80\x80\x80", 4, 0 },
		{ "\xff", 1, 0 },
		{ "\xc3\x28", 2, 0 },
		{ "\xe2\x28\xa1", 3, 0 },
		{ "\xe2\x82\xc0", 3, 0 },
		{ "\xf0\x9f\x98\x28", 4, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_int_equal(text_utf8_length(cases[i].bytes, cases[i].length), cases[i].size);
}

static void numbers_are_decimal_digits_within_bounds(void **state)
{
	static const char *const refused[] = { "", " 5", "5 ", "+5", "-5", "5x", "0x5", "5.0", "4",
		"101", "18446744073709551621", "99999999999999999999999" };
	uint64_t number = 1;

	(void)state;
	assert_true(text_parse_number("5", 5, 100, &number));
	assert_int_equal(number, 5);
	assert_true(text_parse_number("100", 5, 100, &number));
	assert_int_equal(number, 100);
	assert_true(text_parse_number("18446744073709551615", 0, UINT64_MAX, &number));
	assert_true(number == UINT64_MAX);
	assert_false(text_parse_number("18446744073709551616", 0, UINT64_MAX, &number));
	assert_true(text_parse_number("0", 0, 0, &number));
	assert_int_equal(number, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
		if (text_parse_number(refused[i], 5, 100, &number))
			fail_msg("\"%s\" was accepted", refused[i]);
	assert_int_equal(number, 0);
}

static void lengths_of_time_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "41s", 41 },
		{ "2 min", 120 },
		{ "1h", 3600 },
		{ "7 d", 604800 },
		{ "2w", 1209600 },
		{ "36500d", 3153600000 },
		{ "3153600000s", 3153600000 },
	};
	static const char *const refused[] = { "", "5", "s", "-5s", "5m", "5S", "5 Min", "5  s",
		"5s ", " 5s", "1h 5s", "1.5h", "5 ", "0 ", "36501d", "3153600001s",
		"9999999999999999999w" };
	int64_t seconds = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_true(text_parse_seconds(cases[i].text, &seconds));
		assert_int_equal(seconds, cases[i].seconds);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
		if (text_parse_seconds(refused[i], &seconds))
			fail_msg("\"%s\" was accepted", refused[i]);
}

static void lengths_of_time_are_shown_in_the_two_largest_units(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 0, "0 s" },
		{ 41, "41 s" },
		{ 60, "1 min" },
		{ 3599, "59 min 59 s" },
		{ 3600, "1 h" },
		{ 3659, "1 h" },
		{ 3661, "1 h 1 min" },
		{ 187140, "2 d 3 h" },
		{ 6048000, "70 d" },
		{ -3661, "-1 h 1 min" },
		{ INT64_MIN, "-106751991167300 d 15 h" },
	};
	char text[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		text_format_seconds(cases[i].seconds, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void hexadecimal_goes_there_and_back(void **state)
{
	static const char *const refused[] = { "", "00", "000", "00000", "000000", "0g00", "00 0",
		"0x00", "+000", "0000g", "0000 " };
	const unsigned char bytes[] = { 0x00, 0x9f, 0xff };
	unsigned char back[3] = { 1, 2, 3 };
	char text[7];

	(void)state;
	text_to_hex(bytes, sizeof(bytes), text);
	assert_string_equal(text, "009fff");
	assert_true(text_from_hex("009FfF", back, sizeof(back)));
	assert_memory_equal(back, bytes, sizeof(bytes));
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
		if (text_from_hex(refused[i], back, 2))
			fail_msg("\"%s\" was accepted", refused[i]);
	assert_memory_equal(back, bytes, sizeof(bytes));
	assert_true(text_from_hex("", back, 0));
}

static void the_distance_counts_insertions_deletions_and_replacements(void **state)
{
	static const char longest[] = "0123456789abcdefghijklmnopqrstuv";

	(void)state;
	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("pin_file", "pin_file"), 0);
	assert_int_equal(text_distance("pin_flie", "pin_file"), 2);
	assert_int_equal(text_distance("pinfile", "pin_file"), 1);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	assert_int_equal(text_distance("sitting", "kitten"), 3);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("abc", ""), 3);
	assert_int_equal(text_distance(longest, ""), 32);
	assert_int_equal(text_distance("0123456789abcdefghijklmnopqrstuvwxyz", longest), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_buffer_collects_bytes_strings_and_formatted_text),
		cmocka_unit_test(an_empty_buffer_gives_an_empty_text),
		cmocka_unit_test(a_buffer_takes_exactly_its_limit),
		cmocka_unit_test(what_does_not_fit_fails_the_buffer_until_it_is_discarded),
		cmocka_unit_test(what_was_in_a_buffer_is_wiped_when_it_grows_and_when_it_goes),
		cmocka_unit_test(texts_are_compared_exactly),
		cmocka_unit_test(copies_and_formats_fit_or_say_so),
		cmocka_unit_test(valid_utf8_is_measured_and_anything_else_is_zero),
		cmocka_unit_test(numbers_are_decimal_digits_within_bounds),
		cmocka_unit_test(lengths_of_time_have_a_unit),
		cmocka_unit_test(lengths_of_time_are_shown_in_the_two_largest_units),
		cmocka_unit_test(hexadecimal_goes_there_and_back),
		cmocka_unit_test(the_distance_counts_insertions_deletions_and_replacements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
