#pragma once
/*
 * A distinguished name's text taken apart, when the text need not be escaped.
 *
 * Three readings are tried and the first that fits the whole text is taken:
 *   1. RFC 4514, if the text has a backslash or a quotation mark and uses them correctly throughout
 *   2. the Connector's: O, OU, L, ST, C and CN, once each, in this order, nothing escaped. OU, L
 *      and ST begin where their ",OU=" first occurs, CN at the last ",CN=" and C at the last ",C="
 *      before it: a country has two letters, which leaves no room for another.
 *   3. any order: a part ends before a comma, perhaps blanks, and one of the six names with "=".
 * What the values hold and how often an attribute comes is left to the caller.
 */
#include "agent/x509/subject.h"

#include <stdbool.h>
#include <stddef.h>

#define SUBJECT_PARTS_MAX 16

struct subject_attribute {
	const char *separator; /* ",OU=" */
	int nid;
	size_t most; /* characters: the upper bounds of X.520 */
};

/* In the Connector's order. */
enum {
	SUBJECT_ORGANIZATION,
	SUBJECT_UNIT,
	SUBJECT_LOCALITY,
	SUBJECT_STATE,
	SUBJECT_COUNTRY,
	SUBJECT_COMMON_NAME,
	SUBJECT_ATTRIBUTE_COUNT
};

extern const struct subject_attribute subject_attributes[SUBJECT_ATTRIBUTE_COUNT];

struct subject_part {
	const struct subject_attribute *attribute;
	const char *value; /* borrowed from the text, or from `unescaped` */
	size_t length;
};

struct subject_parts {
	struct subject_part list[SUBJECT_PARTS_MAX];
	size_t count;
	char unescaped[SUBJECT_TEXT_MAX];
	size_t unescaped_length;
};

/* `text` has SUBJECT_TEXT_MAX bytes at most. False when no reading fits. */
MUST_CHECK bool subject_read_parts(const char *text, struct subject_parts *parts);
