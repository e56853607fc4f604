#pragma once
/*
 * What people see on stderr: messages, and on a terminal the step that the token or the Connector
 * is at, with the seconds it has taken.
 */
#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct console {
	FILE *stream;
	bool terminal;
	bool verbose;
	bool line_shown;      /* a progress line is on the terminal */
	const char *identity; /* that the messages are about; NULL: none. Borrowed */
};

struct console console_open(FILE *stream, bool verbose);

/* What follows is about this identity, or NULL. */
void console_enter(struct console *console, const char *identity);

/* "renewal-agent: orders: ..."; a progress line makes room. */
void console_print(struct console *console, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same, only with --verbose. */
void console_explain(struct console *console, const char *format, ...) PRINTF_LIKE(2, 3);

/* "generating RSA 4096 in token fleet ... 12 s", in the place of the line before; nothing when it
   is no terminal. */
void console_progress(struct console *console, const char *step, int64_t seconds);
void console_wipe(struct console *console);
