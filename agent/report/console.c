#include "agent/report/console.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIPE_LINE "\r\033[K"
#define WIDTH_DEFAULT 80

struct console console_open(FILE *stream, bool verbose)
{
	const char *kind = getenv("TERM");

	return (struct console){
		.stream = stream,
		.terminal = isatty(fileno(stream)) && kind && strcmp(kind, "dumb") != 0,
		.verbose = verbose,
	};
}

void console_enter(struct console *console, const char *identity)
{
	console->identity = identity;
}

/* A token's label and a server's message are other people's: no escape sequence of theirs reaches
   the terminal. */
static void mask_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void print(struct console *console, const char *format, va_list values)
{
	char text[2048];

	(void)vsnprintf(text, sizeof(text), format, values);
	mask_controls(text);
	console_wipe(console);
	fprintf(console->stream, "renewal-agent: %s%s%s\n",
	    console->identity ? console->identity : "", console->identity ? ": " : "", text);
	fflush(console->stream);
}

void console_print(struct console *console, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	print(console, format, values);
	va_end(values);
}

void console_explain(struct console *console, const char *format, ...)
{
	va_list values;

	if (!console->verbose)
		return;
	va_start(values, format);
	print(console, format, values);
	va_end(values);
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
