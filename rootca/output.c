#include "rootca/output.h"

#include "base/json.h"
#include "base/scoped.h"
#include "rootca/secret_object.h"
#include "rootca/wiping.h"

#include <errno.h>
#include <string.h>

/* Not by stdio, whose buffer would keep a copy. */
static bool write_all(const char *text, size_t length, struct error *error)
{
	while (length > 0) {
		ssize_t count = write(STDOUT_FILENO, text, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return error_set(error, ERROR_STATE, "cannot write to standard output: %s",
			    strerror(errno));
		text += count;
		length -= (size_t)count;
	}
	return true;
}

bool output_json(const cJSON *value, struct error *error)
{
	scoped(wiped) char *text = cJSON_Print(value);

	if (!text)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	return write_all(text, strlen(text), error) && write_all("\n", 1, error);
}

static bool holds_key(cJSON *const *secrets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (secret_object_has(secrets[i], "ca.key"))
			return true;
	return false;
}

bool output_secrets(cJSON *const *secrets, size_t count, struct error *error)
{
	scoped(cJSON) cJSON *list = json_new_object();
	cJSON *items;

	if (holds_key(secrets, count) && isatty(STDOUT_FILENO))
		return error_set(error, ERROR_USAGE,
		    "this holds the CA's private key and is not printed on a terminal: pipe it "
		    "into `kubectl replace -f -`");
	json_add_string(list, "apiVersion", "v1");
	json_add_string(list, "kind", "List");
	items = json_add_array(list, "items");
	for (size_t i = 0; i < count; i++)
		if (!cJSON_AddItemReferenceToArray(items, secrets[i]))
			return error_set(error, ERROR_INTERNAL, "out of memory");
	return output_json(list, error);
}
