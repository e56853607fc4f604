#include "agent/plan/host_status.h"

#include "agent/config/identity_settings.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA_VERSION 1

static const struct {
	const char *name;
	enum host_state state;
} states[] = {
	{ "ok", HOST_RENEWS },
	{ "due", HOST_RENEWS },
	{ "renewing", HOST_RENEWS },
	{ "none", HOST_NEEDS_TOKEN },
	{ "re-enrolment-needed", HOST_NEEDS_TOKEN },
};

static bool refuse(struct error *error, const char *what)
{
	return error_set(error, ERROR_USAGE, "%s", what);
}

/* Null: 0. */
static bool read_time(const cJSON *object, const char *name, int64_t *ret_time, struct error *error)
{
	const char *text = json_string(object, name);

	*ret_time = 0;
	if (!json_member(object, name))
		return true;
	if (text && clock_parse(text, ret_time))
		return true;
	return error_set(error, ERROR_USAGE, "%s is not a time", name);
}

static bool read_state(const cJSON *object, enum host_state *ret_state, struct error *error)
{
	const char *name = json_string(object, "state");

	*ret_state = HOST_UNKNOWN;
	if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, "state")))
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(states); i++)
		if (text_equal(name, states[i].name)) {
			*ret_state = states[i].state;
			return true;
		}
	return refuse(error, "state is none of those that `status --json` prints");
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool read_identity(
    const cJSON *object, int64_t now, struct host_status *ret_status, struct error *error)
{
	struct host_status *status = ret_status;
	const char *identity = json_string(object, "identity");
	struct error odd = ERROR_INIT;
	int64_t next_attempt;

	if (!identity || !identity_name_check(identity, &odd)
	    || !text_copy(status->identity, sizeof(status->identity), identity))
		return refuse(error, "identity is no name of an identity");
	if (!read_state(object, &status->state, error)
	    || !read_time(object, "next_renewal", &status->planned, error)
	    || !read_time(object, "next_attempt", &next_attempt, error))
		return false;
	if (status->state == HOST_RENEWS && status->planned == 0)
		return refuse(error, "next_renewal is missing");
	/* What was cut goes on at once, unless it waits for the end of a back-off. */
	if (text_equal(json_string(object, "state"), "renewing"))
		status->planned = status->planned < now ? status->planned : now;
	status->planned = later(status->planned, next_attempt);
	status->at = later(status->planned, now);
	return true;
}

static bool add(
    struct host_status_list *list, const struct host_status *status, struct error *error)
{
	size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
	struct host_status *larger;

	if (list->count == HOST_STATUS_MAX)
		return error_set(
		    error, ERROR_USAGE, "more than %d identities in all", HOST_STATUS_MAX);
	if (list->count == list->capacity) {
		larger = realloc(list->list, capacity * sizeof(*larger));
		if (!larger)
			return error_set(error, ERROR_INTERNAL, "out of memory");
		list->list = larger;
		list->capacity = capacity;
	}
	list->list[list->count++] = *status;
	return true;
}

static bool add_identity(const cJSON *object, const char *host, int64_t now,
    struct host_status_list *list, struct error *error)
{
	struct host_status status = { .state = HOST_UNKNOWN };

	if (!cJSON_IsObject(object))
		return refuse(error, "an identity is not an object");
	if (!text_copy(status.host, sizeof(status.host), host) || host[0] == '\0')
		return refuse(error, "host is empty or too long");
	return read_identity(object, now, &status, error) && add(list, &status, error);
}

static bool check_head(const cJSON *object, struct error *error)
{
	int64_t version = 0;

	if (!cJSON_IsObject(object))
		return refuse(error, "not an object that `status --json` prints");
	if (!json_integer(object, "schema_version", &version) || version != SCHEMA_VERSION)
		return refuse(error, "schema_version is not 1");
	if (!text_equal(json_string(object, "command"), "status"))
		return refuse(error, "command is not \"status\"");
	if (json_member(object, "host") && !json_string(object, "host"))
		return refuse(error, "host is not a string");
	return true;
}

static bool add_object(const cJSON *object, const char *host, int64_t now,
    struct host_status_list *list, struct error *error)
{
	const cJSON *identities = json_member(object, "identities");
	const cJSON *each;

	if (!check_head(object, error))
		return false;
	if (json_string(object, "host"))
		host = json_string(object, "host");
	if (!identities)
		return add_identity(object, host, now, list, error);
	if (!cJSON_IsArray(identities))
		return refuse(error, "identities is not an array");
	cJSON_ArrayForEach (each, identities) {
		if (!add_identity(each, host, now, list, error))
			return false;
	}
	return true;
}

bool host_status_add(const cJSON *object, const char *host, int64_t now,
    struct host_status_list *list, struct error *error)
{
	const size_t before = list->count;

	if (add_object(object, host, now, list, error))
		return true;
	list->count = before;
	return false;
}

static int compare(const void *first, const void *second)
{
	const struct host_status *a = first;
	const struct host_status *b = second;
	int order;

	if ((a->state == HOST_RENEWS) != (b->state == HOST_RENEWS))
		return a->state == HOST_RENEWS ? -1 : 1;
	if (a->state == HOST_RENEWS && a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->state == HOST_RENEWS && a->planned != b->planned)
		return a->planned < b->planned ? -1 : 1;
	order = strcmp(a->host, b->host);
	return order != 0 ? order : strcmp(a->identity, b->identity);
}

void host_status_sort(struct host_status_list *list)
{
	if (list->count > 0)
		qsort(list->list, list->count, sizeof(*list->list), compare);
}

void host_status_clear(struct host_status_list *list)
{
	free(list->list);
	*list = (struct host_status_list){ .count = 0 };
}
