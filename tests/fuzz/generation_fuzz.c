/*
 * generation.json: what is accepted has its bounds, and nothing is lost or freed twice when it is
 * not.
 */
#include "agent/state/generation_json.h"

#include "agent/state/store.h"
#include "base/json.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(generation) struct generation generation = { 0 };
	scoped(cJSON) cJSON *object = NULL;
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	struct error error = ERROR_INIT;

	if (!json_parse((const char *)data, size, "input", ERROR_DAMAGED, &object, &error)
	    || !generation_json_parse(object, &generation, sha256))
		return 0;
	must(generation.number > 0);
	must(strspn(sha256, "0123456789abcdef") == strlen(sha256));
	must(!generation.key_id || strlen(generation.key_id) % 2 == 0);
	return 0;
}
