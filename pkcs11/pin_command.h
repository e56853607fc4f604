#pragma once
/*
 * A program that prints the PIN.
 *
 * It gets /dev/null as standard input, our standard error, no other descriptor, default signals,
 * and of the environment only HOME, LANG, TMPDIR and CREDENTIALS_DIRECTORY besides a fixed PATH.
 * How long it may take is for the caller's deadline: when we are ended it is ended too.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct command_line;
struct secret;

/* Its whole output, into `output`. ERROR_PIN when it cannot be started, fails or says too much. */
MUST_CHECK bool pin_command_run(
    const struct command_line *command, struct secret *output, struct error *error);
