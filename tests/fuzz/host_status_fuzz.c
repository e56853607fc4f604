/*
 * agent/plan/host_status: what is accepted is in range and sorted, what is refused adds nothing.
 */
#include "agent/plan/host_status.h"

#include "base/json.h"
#include "base/scoped.h"

#include <string.h>

#define NOW INT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct host_status *status)
{
	must(memchr(status->host, '\0', sizeof(status->host)) != NULL && status->host[0]);
	must(memchr(status->identity, '\0', sizeof(status->identity)) != NULL);
	must(status->identity[0] && !strchr(status->identity, '/'));
	if (status->state == HOST_RENEWS)
		must(status->at >= NOW && status->at >= status->planned && status->planned > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host_status_list list = { .count = 0 };
	struct error error = ERROR_INIT;
	scoped(cJSON) cJSON *object = NULL;

	if (!json_parse((const char *)data, size, "input", ERROR_USAGE, &object, &error))
		return 0;
	if (host_status_add(object, "host", NOW, &list, &error)) {
		host_status_sort(&list);
		for (size_t i = 0; i < list.count; i++) {
			check(&list.list[i]);
			must(i == 0 || list.list[i].state != HOST_RENEWS
			     || list.list[i - 1].at <= list.list[i].at);
		}
	} else {
		must(list.count == 0 && error.kind == ERROR_USAGE);
	}
	host_status_clear(&list);
	return 0;
}
