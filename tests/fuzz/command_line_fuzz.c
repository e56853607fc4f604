/* base/command_line: a text is split into words that were in it, or is refused. */
#include "base/command_line.h"

#include "base/scoped.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static size_t blanks_and_quotes(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += strchr(" \t\"", *text) ? 1 : 0;
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(command_line) struct command_line command = { .count = 0 };
	scoped(char) char *text = malloc(size + 1);
	struct error error = ERROR_INIT;
	size_t kept = 0;

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (!command_line_parse(text, &command, &error)) {
		must(error.kind == ERROR_CONFIG && !command.text);
		return 0;
	}
	must(command.count > 0 && command.count <= COMMAND_LINE_WORDS_MAX);
	must(command.words[0][0] == '/' && !command.words[command.count]);
	for (size_t i = 0; i < command.count; i++) {
		must(!strchr(command.words[i], '"'));
		kept += strlen(command.words[i]);
	}
	must(kept <= strlen(text) && strlen(text) - kept <= blanks_and_quotes(text));
	return 0;
}
