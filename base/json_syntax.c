#include "base/json_syntax.h"

#include "base/text.h"
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* cJSON copies a number into a buffer of this size and cuts what is longer. */
#define NUMBER_MOST 63

struct scan {
	const char *start;
	const char *at;
	const char *end;
	const char *problem;
};

static bool scan_value(struct scan *scan, unsigned depth);

static bool refuse(struct scan *scan, const char *problem)
{
	scan->problem = problem;
	return false;
}

static bool next_is(const struct scan *scan, char byte)
{
	return scan->at < scan->end && *scan->at == byte;
}

static bool skip(struct scan *scan, char byte)
{
	if (!next_is(scan, byte))
		return false;
	scan->at++;
	return true;
}

static bool next_is_one_of(const struct scan *scan, const char *bytes)
{
	return scan->at < scan->end && *scan->at != '\0' && strchr(bytes, *scan->at);
}

static void skip_blanks(struct scan *scan)
{
	while (next_is_one_of(scan, " \t\n\r"))
		scan->at++;
}

static size_t skip_digits(struct scan *scan)
{
	const char *first = scan->at;

	while (next_is_one_of(scan, "0123456789"))
		scan->at++;
	return (size_t)(scan->at - first);
}

static bool scan_number(struct scan *scan)
{
	const char *first = scan->at;
	bool minus = skip(scan, '-');

	if (!skip(scan, '0') && skip_digits(scan) == 0)
		return refuse(scan, minus ? "a minus without a number" : "no value");
	if (skip(scan, '.') && skip_digits(scan) == 0)
		return refuse(scan, "no digit after the decimal point");
	if (skip(scan, 'e') || skip(scan, 'E')) {
		if (!skip(scan, '+'))
			skip(scan, '-');
		if (skip_digits(scan) == 0)
			return refuse(scan, "no digit in the exponent");
	}
	if (scan->at - first > NUMBER_MOST)
		return refuse(scan, "a number that is too long");
	return true;
}

/* The four digits after \u */
static bool scan_code_unit(struct scan *scan, unsigned *ret_unit)
{
	unsigned char bytes[2];
	char digits[5] = "";

	if (scan->end - scan->at < 4)
		return refuse(scan, "a \\u that is cut");
	memcpy(digits, scan->at, 4);
	if (!text_from_hex(digits, bytes, sizeof(bytes)))
		return refuse(scan, "a \\u without four hexadecimal digits");
	scan->at += 4;
	*ret_unit = (unsigned)bytes[0] << 8 | bytes[1];
	return true;
}

static bool scan_unicode_escape(struct scan *scan)
{
	unsigned unit;

	if (!scan_code_unit(scan, &unit))
		return false;
	if (unit == 0)
		return refuse(scan, "\\u0000");
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	if (unit > 0xdbff || !skip(scan, '\\') || !skip(scan, 'u'))
		return refuse(scan, "half of a surrogate pair");
	if (!scan_code_unit(scan, &unit))
		return false;
	if (unit < 0xdc00 || unit > 0xdfff)
		return refuse(scan, "half of a surrogate pair");
	return true;
}

static bool scan_escape(struct scan *scan)
{
	if (skip(scan, 'u'))
		return scan_unicode_escape(scan);
	if (!next_is_one_of(scan, "\"\\/bfnrt"))
		return refuse(scan, "an unknown escape");
	scan->at++;
	return true;
}

/* After the opening quotation mark. */
static bool scan_string(struct scan *scan)
{
	while (!skip(scan, '"')) {
		size_t step = utf8_length(scan->at, (size_t)(scan->end - scan->at));

		if (scan->at == scan->end)
			return refuse(scan, "a string that does not end");
		if (step == 0)
			return refuse(scan, "bytes that are not UTF-8");
		if ((unsigned char)*scan->at < 0x20)
			return refuse(scan, "a control character in a string");
		if (!skip(scan, '\\'))
			scan->at += step;
		else if (!scan_escape(scan))
			return false;
	}
	return true;
}

static bool scan_array(struct scan *scan, unsigned depth)
{
	skip_blanks(scan);
	if (skip(scan, ']'))
		return true;
	do {
		if (!scan_value(scan, depth))
			return false;
	} while (skip(scan, ','));
	return skip(scan, ']') || refuse(scan, "no ',' or ']' after an element");
}

static bool scan_member(struct scan *scan, unsigned depth)
{
	skip_blanks(scan);
	if (!skip(scan, '"'))
		return refuse(scan, "no name in quotation marks");
	if (!scan_string(scan))
		return false;
	skip_blanks(scan);
	if (!skip(scan, ':'))
		return refuse(scan, "no ':' after a name");
	return scan_value(scan, depth);
}

static bool scan_object(struct scan *scan, unsigned depth)
{
	skip_blanks(scan);
	if (skip(scan, '}'))
		return true;
	do {
		if (!scan_member(scan, depth))
			return false;
	} while (skip(scan, ','));
	return skip(scan, '}') || refuse(scan, "no ',' or '}' after a member");
}

static bool skip_word(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
		return false;
	scan->at += length;
	return true;
}

/* `depth` is how many arrays and objects may still be opened. Blanks on both sides are skipped. */
static bool scan_value(struct scan *scan, unsigned depth)
{
	bool good;

	skip_blanks(scan);
	if (depth == 0 && (next_is(scan, '[') || next_is(scan, '{')))
		return refuse(scan, "too many arrays and objects inside of each other");
	if (skip(scan, '{'))
		good = scan_object(scan, depth - 1);
	else if (skip(scan, '['))
		good = scan_array(scan, depth - 1);
	else if (skip(scan, '"'))
		good = scan_string(scan);
	else if (skip_word(scan, "true") || skip_word(scan, "false") || skip_word(scan, "null"))
		good = true;
	else
		good = scan_number(scan);
	skip_blanks(scan);
	return good;
}

bool json_syntax_check(const char *text, size_t length, unsigned depth_max, const char *what,
    enum error_kind kind, struct error *error)
{
	struct scan scan = { text, text, text + length, NULL };
	bool good = scan_value(&scan, depth_max);

	if (good && scan.at < scan.end)
		good = refuse(&scan, "more after the value");
	if (!good)
		return error_set(error, kind, "%s is not valid JSON: byte %zu: %s", what,
		    (size_t)(scan.at - scan.start) + 1, scan.problem);
	return true;
}
