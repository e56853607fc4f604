#include "pkcs11/key_pair.h"
#include "tests/unit/test.h"

#include <string.h>

static void an_id_survives_the_way_to_text_and_back(void **state)
{
	const struct key_id ids[] = {
		{ { 0 }, 1 },
		{ { 0xde, 0xad, 0xbe, 0xef }, 4 },
		{ { [31] = 0xff }, KEY_ID_SIZE_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
		char text[KEY_ID_TEXT_SIZE];
		struct key_id read;

		key_id_format(&ids[i], text);
		assert_true(key_id_parse(text, &read));
		assert_true(key_id_equal(&read, &ids[i]));
	}
}

static void an_id_is_written_in_lower_case_and_read_in_either(void **state)
{
	char text[KEY_ID_TEXT_SIZE];
	struct key_id id;

	(void)state;
	assert_true(key_id_parse("DEADbeef", &id));
	key_id_format(&id, text);
	assert_string_equal(text, "deadbeef");
}

static void what_is_no_id_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"a",
		"abc",
		"0x00",
		"ag",
		"ab ",
		" ab",
		"ab:cd",
		"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021",
		"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct key_id id = { .length = 99 };

		if (key_id_parse(texts[i], &id))
			fail_msg("\"%s\" was read", texts[i]);
		assert_int_equal(id.length, 99);
	}
}

static void ids_of_different_length_or_bytes_are_different(void **state)
{
	const struct key_id id = { { 1, 2, 3 }, 3 };
	const struct key_id longer = { { 1, 2, 3, 0 }, 4 };
	const struct key_id other = { { 1, 2, 4 }, 3 };
	/* What follows the id does not count. */
	const struct key_id same = { { 1, 2, 3, 9 }, 3 };

	(void)state;
	assert_false(key_id_equal(&id, &longer));
	assert_false(key_id_equal(&id, &other));
	assert_true(key_id_equal(&id, &same));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_survives_the_way_to_text_and_back),
		cmocka_unit_test(an_id_is_written_in_lower_case_and_read_in_either),
		cmocka_unit_test(what_is_no_id_is_refused),
		cmocka_unit_test(ids_of_different_length_or_bytes_are_different),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
