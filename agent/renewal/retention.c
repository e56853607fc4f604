#include "agent/renewal/retention.h"

#include "agent/renewal/run.h"

static bool is_under_way(const struct run *run, uint32_t number)
{
	return run->journal.phase != PHASE_IDLE && run->journal.generation == number;
}

/* One that cannot be read is none that somebody went back from: nothing noted that. */
static bool is_abandoned(
    const struct run *run, uint32_t number, uint32_t active, bool *ret_is, struct error *error)
{
	scoped(generation) struct generation generation = { 0 };
	struct error unreadable = ERROR_INIT;

	if (number > active || store_load(run->store, number, &generation, &unreadable)) {
		*ret_is = number > active || generation.abandoned;
		return true;
	}
	if (unreadable.kind != ERROR_DAMAGED) {
		*error = unreadable;
		return false;
	}
	*ret_is = false;
	return true;
}

bool retention_list(const struct run *run, struct retention *ret_retention, struct error *error)
{
	uint32_t numbers[STORE_GENERATIONS_MAX];
	uint32_t abandoned[STORE_GENERATIONS_MAX];
	struct retention retention = { .count = 0 };
	uint32_t active;
	size_t count = 0;

	if (!store_current(run->store, &active, error)
	    || !store_list(run->store, numbers, &count, error))
		return false;
	for (size_t i = count; i-- > 0;) {
		bool is = false;

		if (numbers[i] == active || is_under_way(run, numbers[i]))
			continue;
		if (!is_abandoned(run, numbers[i], active, &is, error))
			return false;
		if (is)
			abandoned[retention.abandoned++] = numbers[i];
		else
			retention.numbers[retention.count++] = numbers[i];
	}
	for (size_t i = 0; i < retention.abandoned; i++)
		retention.numbers[retention.count++] = abandoned[i];
	*ret_retention = retention;
	return true;
}

bool retention_mark_abandoned(const struct run *run, struct error *error)
{
	struct retention retention;

	if (!retention_list(run, &retention, error))
		return false;
	for (size_t i = retention.count - retention.abandoned; i < retention.count; i++) {
		struct error unmarked = ERROR_INIT;

		if (store_mark_abandoned(run->store, retention.numbers[i], &unmarked))
			continue;
		if (unmarked.kind == ERROR_DAMAGED)
			continue;
		*error = unmarked;
		return false;
	}
	return true;
}
