/*
 * transport/graphql: whatever a server answers, there is a result or an error of a known kind. The
 * first two bytes are the status.
 */
#include "transport/graphql.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = ERROR_INIT;
	scoped(graphql) cJSON *result = NULL;
	long status;

	if (size < 2)
		return 0;
	status = data[0] * 256 + data[1];
	if (graphql_answer(status, "application/json", (const char *)data + 2, size - 2, "result",
		&result, &error)) {
		must(status == 200 && result && !cJSON_IsNull(result));
		must(error.kind == ERROR_NONE);
		return 0;
	}
	must(!result && error.message[0] != '\0');
	must(error.kind == ERROR_CONNECTOR || error.kind == ERROR_NETWORK
	     || error.kind == ERROR_REJECTED);
	return 0;
}
