#include "base/command_line.h"

#include "base/scoped.h"
#include "base/text.h"

#include <string.h>

static bool is_blank(char character)
{
	return character == ' ' || character == '\t';
}

/* Moves the word that starts at *at to *target, without its quotes, and *at behind it. False when
   a quote is not closed. */
static bool cut_word(const char **at, char **target)
{
	bool quoted = false;

	for (; **at != '\0' && (quoted || !is_blank(**at)); ++*at) {
		if (**at == '"') {
			quoted = !quoted;
			continue;
		}
		**target = **at;
		++*target;
	}
	return !quoted;
}

/* In place: without its quotes and with a NUL for a blank, no word ends behind where it ended.
   `at` has passed a word's blank before the NUL is written over it. */
static bool split(struct command_line *command, struct error *error)
{
	const char *at = command->text;
	char *target = command->text;

	for (at += strspn(at, " \t"); *at != '\0'; at += strspn(at, " \t")) {
		if (command->count == COMMAND_LINE_WORDS_MAX)
			return error_set(error, ERROR_CONFIG, "must have at most %d words",
			    COMMAND_LINE_WORDS_MAX);
		command->words[command->count++] = target;
		if (!cut_word(&at, &target))
			return error_set(
			    error, ERROR_CONFIG, "has a double quote that is not closed");
		at += *at != '\0' ? 1 : 0;
		*target++ = '\0';
	}
	return true;
}

bool command_line_parse(const char *text, struct command_line *ret_command, struct error *error)
{
	scoped(command_line) struct command_line command = { .count = 0 };

	if (strnlen(text, COMMAND_LINE_LENGTH_MAX + 1) > COMMAND_LINE_LENGTH_MAX)
		return error_set(
		    error, ERROR_CONFIG, "must have at most %d bytes", COMMAND_LINE_LENGTH_MAX);
	command.text = text_duplicate(text);
	if (!split(&command, error))
		return false;
	if (command.count == 0 || command.words[0][0] != '/')
		return error_set(
		    error, ERROR_CONFIG, "must be a command that begins with an absolute path");

	*ret_command = command;
	command.text = NULL;
	return true;
}

void command_line_discard(struct command_line *command)
{
	free(command->text);
	command->text = NULL;
}
