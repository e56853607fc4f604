#pragma once
/*
 * The log: messages on stderr as text or as JSON lines, or in journald; and on a terminal the step
 * that the token or the Connector is at, with the seconds it has taken.
 *
 * Every message of the program's goes through here. Until the format is set it is text. What
 * cannot be delivered to journald is text on stderr, and so is, besides, what a person at a
 * terminal would miss otherwise.
 */
#include "agent/config/settings.h"
#include "agent/report/log_entry.h"
#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct console {
	FILE *stream;
	bool terminal;
	bool verbose;
	bool line_shown;        /* a progress line is on the terminal */
	enum log_format format; /* of what is to come */
	const char *journald;   /* its socket; borrowed */
	/* That the messages are about; NULL: none. Borrowed. */
	const char *identity;
	const char *run_id;
};

struct console console_open(FILE *stream, bool verbose);

/* What follows is about this identity and run, or NULL. */
void console_enter(struct console *console, const char *identity, const char *run_id);

/* A warning: "renewal-agent: orders: ..."; a progress line makes room. */
void console_print(struct console *console, const char *format, ...) PRINTF_LIKE(2, 3);
/* For those who ask, by --verbose. */
void console_explain(struct console *console, const char *format, ...) PRINTF_LIKE(2, 3);
/* An event that machines know by its id (message_ids.h); NULL: none. */
void console_event(struct console *console, enum log_level level, const char *message_id,
    const char *format, ...) PRINTF_LIKE(4, 5);
/* How it ended: the last message of a run. One of LOG_LEVEL_DEBUG is for those who ask. Text names
   the run when it failed. */
void console_end(struct console *console, enum log_level level, const char *message_id,
    const struct log_end *end, const char *message);

/* "generating RSA 4096 in token fleet ... 12 s", in the place of the line before; nothing when it
   is no terminal. */
void console_progress(struct console *console, const char *step, int64_t seconds);
void console_wipe(struct console *console);
