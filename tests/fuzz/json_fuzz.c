/*
 * base/json: what is accepted prints as something that is accepted again and means the same.
 */
#include "base/json.h"

#include "base/scoped.h"
#include "base/text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Every member is found by its own name, which is in the object once. */
static void check_members(const cJSON *value)
{
	for (const cJSON *child = value->child; child; child = child->next) {
		if (cJSON_IsObject(value) && !cJSON_IsNull(child))
			must(json_member(value, child->string) == child);
		check_members(child);
	}
}

static void check_accepted(const cJSON *value)
{
	scoped(char) char *printed = json_print(value);
	scoped(char) char *again = NULL;
	scoped(cJSON) cJSON *reparsed = NULL;
	struct error error = ERROR_INIT;

	must(json_parse(printed, strlen(printed), "reprint", ERROR_CONNECTOR, &reparsed, &error));
	must(cJSON_Compare(value, reparsed, true));
	again = json_print(reparsed);
	must(text_equal(printed, again));
	check_members(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(cJSON) cJSON *value = NULL;
	struct error error = ERROR_INIT;

	if (json_parse((const char *)data, size, "input", ERROR_CONNECTOR, &value, &error)) {
		must(error.kind == ERROR_NONE);
		check_accepted(value);
		return 0;
	}
	/* What our own look accepts cJSON accepts too. */
	must(error.kind == ERROR_CONNECTOR && !value);
	return 0;
}
