#pragma once
/*
 * A program that prints the PIN.
 *
 * No shell: the text is an absolute path and words, split at blanks; double quotes keep blanks
 * together and have no escapes. The program gets /dev/null as standard input, our standard error,
 * no other descriptor, default signals, and of the environment only HOME, LANG, TMPDIR and
 * CREDENTIALS_DIRECTORY besides a fixed PATH. How long it may take is for the caller's deadline:
 * when we are ended it is ended too.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <stdbool.h>
#include <stddef.h>

#define PIN_COMMAND_WORDS_MAX 64
#define PIN_COMMAND_LENGTH_MAX 4096

struct secret;

struct pin_command {
	char *text;                             /* owned; the words lie in it */
	char *words[PIN_COMMAND_WORDS_MAX + 1]; /* NULL after the last */
	size_t count;
};

/* ERROR_CONFIG: empty, no absolute path, a quote that is not closed, too long. */
MUST_CHECK bool pin_command_parse(
    const char *text, struct pin_command *ret_command, struct error *error);
void pin_command_discard(struct pin_command *command);

/* Its whole output, into `output`. ERROR_PIN when it cannot be started, fails or says too much. */
MUST_CHECK bool pin_command_run(
    const struct pin_command *command, struct secret *output, struct error *error);

static inline void scoped_destroy_pin_command(struct pin_command *command)
{
	pin_command_discard(command);
}
