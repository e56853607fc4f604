#include "agent/plan/load.h"

#include "agent/plan/host_status.h"

#include <stdlib.h>

#define SPANS_WANTED 60

/* How many of them renew: they come first. */
static size_t count_renewals(const struct host_status_list *list)
{
	size_t count = 0;

	while (count < list->count && list->list[count].state == HOST_RENEWS)
		count++;
	return count;
}

static int64_t choose_seconds(const struct host_status_list *list, size_t renewals)
{
	static const int64_t lengths[] = { 30, 300, 3600, 21600, 86400, 604800 };
	int64_t from = renewals > 0 ? list->list[0].at : 0;
	int64_t to = renewals > 0 ? list->list[renewals - 1].at : 0;
	size_t i = 0;

	while (i + 1 < ARRAY_LENGTH(lengths) && (to - from) / lengths[i] >= SPANS_WANTED)
		i++;
	return lengths[i];
}

static void fill_spans(const struct host_status_list *list, size_t renewals, struct load *load)
{
	for (size_t i = 0; i < renewals; i++) {
		int64_t from = list->list[i].at - list->list[i].at % load->seconds;
		struct load_span *last = load->count > 0 ? &load->spans[load->count - 1] : NULL;

		if (!last || last->from != from) {
			last = &load->spans[load->count++];
			*last = (struct load_span){ .from = from };
		}
		last->renewals++;
		if (last->renewals > load->most)
			load->most = last->renewals;
	}
}

static void draw(const struct host_status_list *list, size_t renewals, struct load *load)
{
	int64_t left = LOAD_CAPACITY;
	int64_t before = 0;

	load->least_left = LOAD_CAPACITY;
	for (size_t i = 0; i < renewals; i++) {
		int64_t at = list->list[i].at;
		int64_t refills = at / LOAD_REFILL_SECONDS - before / LOAD_REFILL_SECONDS;

		before = at;
		if (refills > LOAD_CAPACITY / LOAD_REFILL)
			refills = LOAD_CAPACITY / LOAD_REFILL;
		left += refills * LOAD_REFILL;
		if (left > LOAD_CAPACITY)
			left = LOAD_CAPACITY;
		if (left < LOAD_REQUESTS) {
			load->refused++;
			load->first_refused = load->first_refused ? load->first_refused : at;
			load->last_refused = at;
			continue;
		}
		left -= LOAD_REQUESTS;
		if (left >= load->least_left)
			continue;
		load->least_left = left;
		load->least_left_at = at;
	}
}

bool load_reckon(const struct host_status_list *list, int64_t seconds, struct load *ret_load)
{
	size_t renewals = count_renewals(list);
	struct load load = {
		.seconds = seconds > 0 ? seconds : choose_seconds(list, renewals),
		.spans = calloc(renewals + 1, sizeof(*load.spans)),
	};

	if (!load.spans)
		return false;
	fill_spans(list, renewals, &load);
	draw(list, renewals, &load);

	*ret_load = load;
	return true;
}

void load_clear(struct load *load)
{
	free(load->spans);
	*load = (struct load){ .count = 0 };
}
