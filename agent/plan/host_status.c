#include "agent/plan/host_status.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* As `status --json` has them. */
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

static enum host_state state_of(const struct fleet_identity *identity)
{
	for (size_t i = 0; i < ARRAY_LENGTH(states); i++)
		if (text_equal(identity->state, states[i].name))
			return states[i].state;
	return HOST_UNKNOWN;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static struct host_status read_one(const struct fleet_identity *identity, int64_t now)
{
	struct host_status status = { .of = identity, .state = state_of(identity) };

	status.planned = identity->next_renewal;
	/* Without a certificate yet, what was begun goes on at once. */
	if (status.planned == 0
	    || (text_equal(identity->state, "renewing") && status.planned > now))
		status.planned = now;
	status.planned = later(status.planned, identity->next_attempt);
	status.at = later(status.planned, now);
	return status;
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
	order = strcmp(a->of->host, b->of->host);
	return order != 0 ? order : strcmp(a->of->identity, b->of->identity);
}

bool host_status_order(const struct fleet *fleet, int64_t now, struct host_status_list *ret_list)
{
	struct host_status *list = calloc(fleet->count + 1, sizeof(*list));

	if (!list)
		return false;
	for (size_t i = 0; i < fleet->count; i++)
		list[i] = read_one(&fleet->identities[i], now);
	qsort(list, fleet->count, sizeof(*list), compare);

	*ret_list = (struct host_status_list){ list, fleet->count };
	return true;
}

void host_status_clear(struct host_status_list *list)
{
	free(list->list);
	*list = (struct host_status_list){ .count = 0 };
}
