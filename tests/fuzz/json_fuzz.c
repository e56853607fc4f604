/*
 * base/json: what is accepted prints as something that is accepted again and means the same.
 */
#include "base/json.h"

#include "base/scoped.h"
#include "base/text.h"

#include <float.h>
#include <math.h>
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

/* cJSON_Compare looks at each member of an object twice, and so 2^32 times at one that is as deep as may
   be. What is printed keeps its order, and of a number what the last of fifteen digits tells. */
static void check_same(const cJSON *value, const cJSON *other)
{
	const cJSON *there = other->child;

	must(value->type == other->type && text_equal(value->string, other->string)
	     && text_equal(value->valuestring, other->valuestring)
	     && fabs(value->valuedouble - other->valuedouble)
		    <= fabs(value->valuedouble) * DBL_EPSILON);
	for (const cJSON *here = value->child; here; here = here->next, there = there->next) {
		must(there);
		check_same(here, there);
	}
	must(!there);
}

static void check_accepted(const cJSON *value)
{
	scoped(char) char *printed = json_print(value);
	scoped(char) char *again = NULL;
	scoped(cJSON) cJSON *reparsed = NULL;
	struct error error = ERROR_INIT;

	must(json_parse(printed, strlen(printed), "reprint", ERROR_CONNECTOR, &reparsed, &error));
	check_same(value, reparsed);
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
