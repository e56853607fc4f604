#pragma once
/*
 * Texts that are JSON and texts that are not, for whatever reads them.
 */
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* NUL bytes can stand in it. */
struct json_text {
	const char *bytes;
	size_t length;
};

#define JSON_TEXT(literal)                                                                         \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

/* Is given an exact copy without a NUL: a byte read too much is seen by the sanitizers. */
typedef bool json_reader(const char *bytes, size_t length, struct error *error);

/* Every form of the grammar. */
void json_texts_assert_accepted(json_reader *reader);
/* Each is ERROR_CONNECTOR with a message that begins like this. */
void json_texts_assert_refused(
    json_reader *reader, const struct json_text *texts, size_t count, const char *beginning);
