#include "base/duration.h"

#include "base/compiler.h"
#include "tests/unit/test.h"

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
		"9999999999999999999w", "18446744073709551617s" };
	int64_t seconds = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_true(duration_parse(cases[i].text, &seconds));
		assert_int_equal(seconds, cases[i].seconds);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
		if (duration_parse(refused[i], &seconds))
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
		duration_format(cases[i].seconds, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_of_time_have_a_unit),
		cmocka_unit_test(lengths_of_time_are_shown_in_the_two_largest_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
