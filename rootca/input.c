#include "rootca/input.h"

#include "base/file.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"
#include "rootca/wiping.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

void input_clear(struct input *input)
{
	while (input->count > 0)
		cJSON_Delete(input->objects[--input->count]);
}

/* base/file's reader grows by realloc(), which would leave parts of a private key behind. */
static bool read_all(
    int file, const char *name, char **ret_text, size_t *ret_length, struct error *error)
{
	scoped(wiped) char *text = malloc(INPUT_SIZE_MAX + 1);
	size_t length = 0;
	ssize_t count = 1;

	if (!text)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	while (count != 0) {
		if (length == INPUT_SIZE_MAX)
			return error_set(error, ERROR_CONFIG,
			    "%s has more than the %d bytes that Secrets may have", name,
			    INPUT_SIZE_MAX - 1);
		count = read(file, text + length, INPUT_SIZE_MAX - length);
		if (count < 0 && errno != EINTR)
			return error_set(error, file_error_kind(errno), "cannot read %s: %s", name,
			    strerror(errno));
		length += count > 0 ? (size_t)count : 0;
	}
	text[length] = '\0';

	*ret_text = take(text);
	*ret_length = length;
	return true;
}

static bool read_path(
    const char *path, const char *name, char **ret_text, size_t *ret_length, struct error *error)
{
	scoped(fd) int file = -1;

	if (text_equal(path, "-"))
		return read_all(STDIN_FILENO, name, ret_text, ret_length, error);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_set(
		    error, file_error_kind(errno), "cannot open %s: %s", name, strerror(errno));
	return read_all(file, name, ret_text, ret_length, error);
}

static bool add(struct input *input, cJSON *object, const char *name, struct error *error)
{
	if (input->count == INPUT_OBJECTS_MAX) {
		cJSON_Delete(object);
		return error_set(error, ERROR_CONFIG,
		    "%s: more than %d objects, two Secrets were expected", name, INPUT_OBJECTS_MAX);
	}
	input->objects[input->count++] = object;
	return true;
}

/* What `kubectl get secret A B -o json` prints. */
static bool add_items(struct input *input, cJSON *list, const char *name, struct error *error)
{
	cJSON *items = cJSON_GetObjectItemCaseSensitive(list, "items");

	if (!cJSON_IsArray(items))
		return error_set(error, ERROR_CONFIG, "%s: a List without items", name);
	while (items->child)
		if (!add(input, cJSON_DetachItemViaPointer(items, items->child), name, error))
			return false;
	return true;
}

static bool take_object(
    struct input *input, const char *text, size_t length, const char *name, struct error *error)
{
	scoped(cJSON) cJSON *object = NULL;

	if (!json_parse(text, length, name, ERROR_CONFIG, &object, error))
		return false;
	if (!cJSON_IsObject(object))
		return error_set(error, ERROR_CONFIG, "%s: not a JSON object", name);
	if (text_equal(json_string(object, "kind"), "List"))
		return add_items(input, object, name, error);
	return add(input, take(object), name, error);
}

static bool take_path(struct input *input, const char *path, struct error *error)
{
	const char *name = text_equal(path, "-") ? "standard input" : path;
	scoped(wiped) char *text = NULL;
	size_t length = 0;
	size_t before = input->count;

	if (!read_path(path, name, &text, &length, error))
		return false;
	for (size_t at = json_skip(text, 0, length); at < length;
	     at = json_skip(text, at, length)) {
		size_t size = json_measure(text + at, length - at);

		if (!take_object(input, text + at, size, name, error))
			return false;
		at += size;
	}
	return input->count > before
	       || error_set(error, ERROR_CONFIG,
		   "%s is empty: what `kubectl get secret NAME -o json` prints was expected", name);
}

static bool take_paths(
    const char *const *paths, size_t count, struct input *input, struct error *error)
{
	if (count == 0)
		return take_path(input, "-", error);
	for (size_t i = 0; i < count; i++)
		if (!take_path(input, paths[i], error))
			return false;
	return true;
}

/* ERROR_STATE is left to what is written. */
static bool fail(struct error *error)
{
	if (error->kind == ERROR_STATE)
		error->kind = ERROR_PERMISSION;
	return false;
}

bool input_read(
    const char *const *paths, size_t count, struct input *ret_input, struct error *error)
{
	scoped(input) struct input input = { .count = 0 };

	if (!take_paths(paths, count, &input, error))
		return fail(error);

	*ret_input = input;
	input.count = 0;
	return true;
}

bool input_read_fleet(
    const char *const *paths, size_t count, struct fleet *ret_fleet, struct error *error)
{
	return fleet_read(paths, count, NULL, ret_fleet, error) || fail(error);
}
