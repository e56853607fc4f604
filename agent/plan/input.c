#include "agent/plan/input.h"

#include "agent/report/console.h"
#include "base/file.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TOLD_MAX 20

/* A file's text, and what its lines are called. */
struct source {
	const char *path; /* for messages */
	char name[HOST_NAME_SIZE];
	const char *text;
	size_t length;
};

static void complain(struct input *input, const char *path, size_t line, const char *reason)
{
	input->bad++;
	if (input->bad > TOLD_MAX)
		return;
	if (line > 0)
		console_print(input->console, "%s:%zu: %s", path, line, reason);
	else
		console_print(input->console, "%s: %s", path, reason);
	if (input->bad == TOLD_MAX)
		console_print(input->console, "what else cannot be read is only counted");
}

/* "web01" of "collected/web01.json". */
static void name_host(const char *path, char name[HOST_NAME_SIZE])
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;
	size_t length = strlen(last);
	static const char suffix[] = ".json";

	if (length > strlen(suffix) && text_equal(last + length - strlen(suffix), suffix))
		length -= strlen(suffix);
	(void)text_format(name, HOST_NAME_SIZE, "%.*s", (int)length, last);
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r\n", text[i]))
			return false;
	return true;
}

static void add(
    struct input *input, const cJSON *object, const char *host, const char *path, size_t line)
{
	struct error error = ERROR_INIT;

	if (host_status_add(object, host, input->now, &input->statuses, &error))
		input->objects++;
	else
		complain(input, path, line, error.message);
}

static bool parse(const char *text, size_t length, cJSON **ret_object, struct error *error)
{
	if (length > INPUT_LINE_MAX)
		return error_set(error, ERROR_USAGE, "longer than %d bytes", INPUT_LINE_MAX);
	return json_parse(text, length, "what stands there", ERROR_USAGE, ret_object, error);
}

/* False: all of it together is not one object. */
static bool read_whole(struct input *input, const struct source *source)
{
	scoped(cJSON) cJSON *object = NULL;
	struct error ignored = ERROR_INIT;

	if (!parse(source->text, source->length, &object, &ignored))
		return false;
	add(input, object, source->name, source->path, 0);
	return true;
}

static void read_line(
    struct input *input, const struct source *source, const char *text, size_t length, size_t line)
{
	scoped(cJSON) cJSON *object = NULL;
	struct error error = ERROR_INIT;
	char host[HOST_NAME_SIZE];

	(void)text_format(host, sizeof(host), "%s:%zu", source->name, line);
	if (parse(text, length, &object, &error))
		add(input, object, host, source->path, line);
	else
		complain(input, source->path, line, error.message);
}

static void read_lines(struct input *input, const struct source *source)
{
	const char *at = source->text;
	const char *end = source->text + source->length;

	for (size_t line = 1; at < end; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		if (!is_blank(at, length))
			read_line(input, source, at, length, line);
		at += length + 1;
	}
}

static void read_descriptor(struct input *input, int file, const char *path, const char *name)
{
	scoped(char) char *text = NULL;
	struct source source = { .path = path };
	struct error error = ERROR_INIT;

	if (!file_read_descriptor(file, INPUT_FILE_MAX, path, &text, &source.length, &error)) {
		complain(input, path, 0, error.message);
		return;
	}
	source.text = text;
	name_host(name, source.name);
	if (is_blank(source.text, source.length))
		complain(input, path, 0, "nothing stands in it");
	else if (!read_whole(input, &source))
		read_lines(input, &source);
}

static void read_file(struct input *input, int folder, const char *name, const char *path)
{
	scoped(fd) int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (file < 0)
		complain(input, path, 0, file_error_reason(errno));
	else
		read_descriptor(input, file, path, name);
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Not what lies in folders of it. */
static void read_folder(struct input *input, const char *path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_shown, alphasort);
	scoped(fd) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (count < 0 || folder < 0)
		complain(input, path, 0, file_error_reason(errno));
	for (int i = 0; i < count; i++) {
		char inner[PATH_MAX];
		struct stat facts;

		(void)text_format(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
		if (folder >= 0 && fstatat(folder, entries[i]->d_name, &facts, 0) == 0
		    && S_ISREG(facts.st_mode))
			read_file(input, folder, entries[i]->d_name, inner);
		free(entries[i]);
	}
	free(entries);
}

void input_read(struct input *input, const char *path)
{
	struct stat facts;

	if (text_equal(path, "-"))
		read_descriptor(input, STDIN_FILENO, "standard input", "stdin");
	else if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
		read_folder(input, path);
	else
		read_file(input, AT_FDCWD, path, path);
}
