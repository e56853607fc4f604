/*
 * A latch's file: what is accepted comes back the same when it is written.
 */
#include "agent/state/latch.h"
#include "agent/state/latch_memory.h"
#include "base/json.h"
#include "base/scoped.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_accepted(const struct latch_memory *memory)
{
	const struct latch_token token = { "m", "m", "s", "l" };
	scoped(cJSON) cJSON *object = latch_memory_format(memory, &token);
	scoped(char) char *text = json_print(object);
	scoped(cJSON) cJSON *reparsed = NULL;
	struct error error = ERROR_INIT;
	struct latch_memory again;

	must(memory->count <= LATCH_REFUSED_MAX);
	must(json_parse(text, strlen(text), "again", ERROR_DAMAGED, &reparsed, &error));
	must(latch_memory_parse(reparsed, &again));
	must(memcmp(&again, memory, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(cJSON) cJSON *object = NULL;
	struct error error = ERROR_INIT;
	struct latch_memory memory;

	if (json_parse((const char *)data, size, "input", ERROR_DAMAGED, &object, &error)
	    && latch_memory_parse(object, &memory))
		check_accepted(&memory);
	return 0;
}
