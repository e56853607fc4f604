#include "agent/config/ini.h"

#include "base/text.h"
#include "base/utf8.h"

#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static const char blanks[] = " \t";

/* Cuts the blanks off both ends. */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, blanks);
	length = strlen(text);
	while (length > 0 && strchr(blanks, text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/* The comment at the line's start, or the one that follows a blank. */
static void cut_comment(char *line)
{
	const char *start = line + strspn(line, blanks);

	if (*start == '#') {
		line[0] = '\0';
		return;
	}
	for (char *at = line; *at; at++)
		if (*at == ';' && (at == start || strchr(blanks, at[-1]))) {
			*at = '\0';
			return;
		}
}

static bool check_characters(const char *line, size_t length, struct error *error)
{
	size_t at = 0;

	if (length > INI_LINE_MAX)
		return error_set(
		    error, ERROR_CONFIG, "the line is longer than %d bytes", INI_LINE_MAX);
	while (at < length) {
		size_t step = utf8_length(line + at, length - at);
		unsigned char first = (unsigned char)line[at];

		if (step == 0)
			return error_set(error, ERROR_CONFIG, "the line is not UTF-8 text");
		if ((first < 0x20 && first != '\t') || first == 0x7f)
			return error_set(error, ERROR_CONFIG,
			    "the line holds the control character 0x%02x", first);
		at += step;
	}
	return true;
}

static bool parse_section(char *line, struct ini_line *current, struct error *error)
{
	char *end = strchr(line, ']');

	if (!end)
		return error_set(error, ERROR_CONFIG, "the section has no closing bracket");
	if (end[1] != '\0')
		return error_set(error, ERROR_CONFIG, "something follows the section's bracket");
	*end = '\0';
	current->section = trim(line + 1);
	current->name = NULL;
	current->value = "";
	return true;
}

static bool parse_setting(char *line, struct ini_line *current, struct error *error)
{
	char *equals = strchr(line, '=');

	if (!equals || equals == line)
		return error_set(
		    error, ERROR_CONFIG, "neither [section] nor name = value nor a comment");
	if (!current->section)
		return error_set(error, ERROR_CONFIG, "a setting before the first [section]");
	*equals = '\0';
	current->name = trim(line);
	current->value = trim(equals + 1);
	return true;
}

static bool parse_line(char *line, size_t length, struct ini_line *current, ini_handler *handler,
    void *context, struct error *error)
{
	if (length > 0 && line[length - 1] == '\r')
		line[--length] = '\0';
	if (!check_characters(line, length, error))
		return false;
	cut_comment(line);
	line = trim(line);
	if (line[0] == '\0')
		return true;
	if (line[0] == '[' ? !parse_section(line, current, error)
			   : !parse_setting(line, current, error))
		return false;
	return handler(context, current, error);
}

bool ini_parse(char *text, size_t length, const char *path, ini_handler *handler, void *context,
    struct error *error)
{
	struct ini_line current = { 0 };
	char *line = text;

	/* What some editors put there shows in none: a message about the line would show nothing. */
	if (text_starts_with(text, BYTE_ORDER_MARK))
		return error_set(error, ERROR_CONFIG,
		    "%s:1: begins with a byte order mark: save it as plain UTF-8", path);
	while (line < text + length) {
		size_t rest = (size_t)(text + length - line);
		char *end = memchr(line, '\n', rest);
		size_t size = end ? (size_t)(end - line) : rest;

		line[size] = '\0';
		current.number++;
		if (!parse_line(line, size, &current, handler, context, error))
			return error_prefix(error, "%s:%u", path, current.number);
		line += size + 1;
	}
	return true;
}
