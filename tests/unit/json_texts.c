#include "tests/unit/json_texts.h"

#include "base/compiler.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

static bool read_copy(json_reader *reader, const char *bytes, size_t length, struct error *error)
{
	scoped(char) char *exact = malloc(length + 1);

	assert_non_null(exact);
	memcpy(exact + 1, bytes, length);
	return reader(exact + 1, length, error);
}

void json_texts_assert_accepted(json_reader *reader)
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

	for (size_t i = 0; i < ARRAY_LENGTH(accepted); i++)
		assert_ok(read_copy(reader, accepted[i], strlen(accepted[i]), &error), &error);
}

void json_texts_assert_refused(
    json_reader *reader, const struct json_text *texts, size_t count, const char *beginning)
{
	for (size_t i = 0; i < count; i++) {
		struct error error = ERROR_INIT;

		if (read_copy(reader, texts[i].bytes, texts[i].length, &error))
			fail_msg("%s was accepted", texts[i].bytes);
		assert_int_equal(error.kind, ERROR_CONNECTOR);
		assert_true(text_starts_with(error.message, beginning));
	}
}
