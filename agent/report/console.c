#include "agent/report/console.h"

#include "base/clock.h"
#include "base/scoped.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIPE_LINE "\r\033[K"
#define WIDTH_DEFAULT 80
#define MESSAGE_SIZE 2048

struct console console_open(FILE *stream, bool verbose)
{
	const char *kind = getenv("TERM");

	return (struct console){
		.stream = stream,
		.terminal = isatty(fileno(stream)) && kind && strcmp(kind, "dumb") != 0,
		.verbose = verbose,
		.journald = JOURNALD_SOCKET,
	};
}

void console_enter(struct console *console, const char *identity, const char *run_id)
{
	console->identity = identity;
	console->run_id = run_id && run_id[0] ? run_id : NULL;
}

/* A token's label and a server's message are other people's: no escape sequence of theirs reaches
   the terminal, and journalctl shows the text. */
static void mask_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void write_text(const struct console *console, const struct log_entry *entry)
{
	const bool names_run = entry->end && entry->level == LOG_LEVEL_ERROR && entry->run_id;

	fprintf(console->stream, "renewal-agent: %s%s%s%s%s%s\n",
	    entry->identity ? entry->identity : "", entry->identity ? ": " : "", entry->message,
	    names_run ? " (run " : "", names_run ? entry->run_id : "", names_run ? ")" : "");
}

static void write_json(const struct console *console, const struct log_entry *entry)
{
	scoped(char) char *line = log_entry_json(entry, clock_now());

	fprintf(console->stream, "%s\n", line);
}

/* The message is given apart: what it holds of other people's is made harmless. */
static void write_entry(struct console *console, struct log_entry *entry, char *message)
{
	mask_controls(message);
	entry->message = message;
	entry->identity = console->identity;
	entry->run_id = console->run_id;
	console_wipe(console);
	switch (console->format) {
	case LOG_FORMAT_JSON:
		write_json(console, entry);
		break;
	case LOG_FORMAT_JOURNAL:
		if (!log_entry_send(entry, console->journald) || console->terminal)
			write_text(console, entry);
		break;
	case LOG_FORMAT_TEXT:
		write_text(console, entry);
		break;
	}
	fflush(console->stream);
}

static void write_format(struct console *console, enum log_level level, const char *message_id,
    const char *format, va_list values)
{
	char text[MESSAGE_SIZE];
	struct log_entry entry = { .level = level, .message_id = message_id };

	(void)vsnprintf(text, sizeof(text), format, values);
	write_entry(console, &entry, text);
}

void console_print(struct console *console, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	write_format(console, LOG_LEVEL_WARNING, NULL, format, values);
	va_end(values);
}

void console_explain(struct console *console, const char *format, ...)
{
	va_list values;

	if (!console->verbose)
		return;
	va_start(values, format);
	write_format(console, LOG_LEVEL_DEBUG, NULL, format, values);
	va_end(values);
}

void console_event(
    struct console *console, enum log_level level, const char *message_id, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	write_format(console, level, message_id, format, values);
	va_end(values);
}

void console_end(struct console *console, enum log_level level, const char *message_id,
    const struct log_end *end, const char *message)
{
	char text[MESSAGE_SIZE];
	struct log_entry entry = { .level = level, .message_id = message_id, .end = end };

	if (level == LOG_LEVEL_DEBUG && !console->verbose)
		return;
	(void)snprintf(text, sizeof(text), "%s", message);
	write_entry(console, &entry, text);
}

/* A line that wraps could not be wiped. */
static int width(const struct console *console)
{
	struct winsize size;

	if (ioctl(fileno(console->stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WIDTH_DEFAULT;
	return size.ws_col;
}

void console_progress(struct console *console, const char *step, int64_t seconds)
{
	int room = width(console) - (int)strlen(" ... 86400 s ");
	char text[512];

	if (!console->terminal)
		return;
	(void)snprintf(text, sizeof(text), "%.*s", room > 0 ? room : 0, step);
	mask_controls(text);
	fprintf(console->stream, WIPE_LINE "%s ... %" PRId64 " s", text, seconds);
	fflush(console->stream);
	console->line_shown = true;
}

void console_wipe(struct console *console)
{
	if (!console->line_shown)
		return;
	fputs(WIPE_LINE, console->stream);
	fflush(console->stream);
	console->line_shown = false;
}
