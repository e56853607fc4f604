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
		cmocka_unit_test(numbers_are_decimal_digits_within_bounds),
		cmocka_unit_test(hexadecimal_goes_there_and_back),
		cmocka_unit_test(the_distance_counts_insertions_deletions_and_replacements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
