#include "base/utf8.h"

#include "base/compiler.h"
#include "tests/unit/test.h"

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
		assert_int_equal(utf8_length(cases[i].bytes, cases[i].length), cases[i].size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_utf8_is_measured_and_anything_else_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
