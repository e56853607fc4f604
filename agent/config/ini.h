#pragma once
/*
 * The lines of a configuration file: [section] and name = value.
 *
 *	# and ; begin a comment at the start of a line, ; also after a blank
 *	a value is everything after the '=', without the blanks around it
 *
 * Strict: every line is one of these or an error with its number. It is our own because the two
 * libraries lose what the messages have to say: libini_config compares section and setting names
 * without case, drops what stands before the first section and has no line for a name with an
 * unusual character; inih cuts section names at 49 bytes, passes over what follows a ']' and
 * gives its handler no line at all.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define INI_LINE_MAX 4096

struct ini_line {
	unsigned number;     /* from 1 */
	const char *section; /* what stands between the brackets */
	const char *name;    /* NULL: the line begins the section */
	const char *value;   /* may be "" */
};

/* Called for every line that is not empty. A failure ends the reading. */
typedef bool ini_handler(void *context, const struct ini_line *line, struct error *error);

/* `text` ends in NUL and is taken apart in place. Errors are ERROR_CONFIG and begin with
   "<path>:<line>: ", the handler's too; nothing of a line is quoted, it may hold a PIN. */
MUST_CHECK bool ini_parse(char *text, size_t length, const char *path, ini_handler *handler,
    void *context, struct error *error);
