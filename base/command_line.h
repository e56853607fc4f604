#pragma once
/*
 * A program and its arguments as a setting names them. No shell: the text is an absolute path and
 * words, split at blanks; double quotes keep blanks together and have no escapes.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_LINE_WORDS_MAX 64
#define COMMAND_LINE_LENGTH_MAX 4096

struct command_line {
	char *text;                              /* owned; the words lie in it */
	char *words[COMMAND_LINE_WORDS_MAX + 1]; /* NULL after the last */
	size_t count;
};

/* ERROR_CONFIG: empty, no absolute path, a quote that is not closed, too long. */
MUST_CHECK bool command_line_parse(
    const char *text, struct command_line *ret_command, struct error *error);
void command_line_discard(struct command_line *command);

__attribute__((unused)) static inline void scoped_destroy_command_line(struct command_line *command)
{
	command_line_discard(command);
}
