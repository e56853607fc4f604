#include "agent/daemon/agenda.h"

#include "agent/policy.h"

#include <stdlib.h>

#define SECOND 1000 /* milliseconds */

static int64_t pause_after(unsigned fruitless)
{
	int64_t pause = POLICY_REST_LEAST;

	for (unsigned i = 1; i < fruitless && pause < POLICY_REST_MOST; i++)
		pause *= 2;
	return pause < POLICY_REST_MOST ? pause : POLICY_REST_MOST;
}

void appointment_note(
    struct appointment *appointment, struct moment moment, int64_t now, int64_t milliseconds)
{
	const bool tried = appointment->tried;

	appointment->moment = moment;
	appointment->tried = false;
	if (moment.at > now) {
		appointment->fruitless = 0;
		return;
	}
	if (!tried)
		return;
	appointment->fruitless++;
	appointment->rest = milliseconds + pause_after(appointment->fruitless) * SECOND;
}

void appointment_tried(struct appointment *appointment, int64_t milliseconds)
{
	appointment->tried = true;
	appointment->rest = milliseconds + POLICY_TRIES_APART * SECOND;
}

void appointment_note_busy(struct appointment *appointment, bool busy, int64_t milliseconds)
{
	appointment->busy = busy ? milliseconds + POLICY_TRIES_APART * SECOND : 0;
}

void appointment_forget(struct appointment *appointment)
{
	appointment->tried = false;
	appointment->fruitless = 0;
	appointment->rest = 0;
}

bool agenda_was_away(int64_t wall, int64_t milliseconds)
{
	return wall - milliseconds / SECOND > POLICY_OVERDUE;
}

int64_t agenda_catch_up(const char *tag, int64_t now)
{
	const uint64_t share = strtoull(tag, NULL, 16) & UINT32_MAX;

	return now + (int64_t)(share * POLICY_CATCH_UP >> 32);
}

static bool is_overdue(const struct moment *moment, int64_t now)
{
	return (moment->kind == MOMENT_RENEWAL || moment->kind == MOMENT_PROBE)
	       && now - moment->due > POLICY_OVERDUE;
}

int64_t agenda_start(const struct agenda *agenda, const struct appointment *appointment,
    int64_t now, int64_t milliseconds)
{
	int64_t start = appointment->moment.at > now ? appointment->moment.at : now;
	int64_t rest = appointment->rest - milliseconds;

	if (appointment->busy > appointment->rest)
		rest = appointment->busy - milliseconds;
	if (appointment->moment.kind == MOMENT_NONE)
		return INT64_MAX;
	if (is_overdue(&appointment->moment, now) && start < agenda->catch_up)
		start = agenda->catch_up;
	if (rest > 0 && start < now + (rest + SECOND - 1) / SECOND)
		start = now + (rest + SECOND - 1) / SECOND;
	return start;
}

const struct appointment *agenda_first(
    const struct agenda *agenda, int64_t now, int64_t milliseconds)
{
	const struct appointment *first = NULL;
	int64_t least = INT64_MAX;

	for (size_t i = 0; i < agenda->count; i++) {
		int64_t start = agenda_start(agenda, &agenda->list[i], now, milliseconds);

		if (start >= least)
			continue;
		least = start;
		first = &agenda->list[i];
	}
	return first;
}

int64_t agenda_wake(const struct agenda *agenda, int64_t now, int64_t milliseconds)
{
	const struct appointment *first = agenda_first(agenda, now, milliseconds);
	int64_t wake = now + POLICY_LOOK;
	int64_t start = first ? agenda_start(agenda, first, now, milliseconds) : INT64_MAX;

	for (size_t i = 0; i < agenda->count; i++)
		if (!agenda->list[i].watched)
			wake = now + POLICY_LOOK_UNWATCHED;
	return start < wake ? start : wake;
}
