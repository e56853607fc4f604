#include "base/window.h"
#include "base/zone.h"

#define MINUTE INT64_C(60)
#define DAY (1440 * MINUTE)
#define WEEK (7 * DAY)
/* 1970-01-01 was a Thursday. */
#define WEEKDAY_OF_EPOCH 3
#define YEAR_9999_END INT64_C(253402300799)

/* A span in which nothing changes. */
struct piece {
	bool open;
	int64_t ends;
};

static int64_t modulo_week(int64_t seconds)
{
	return (seconds % WEEK + WEEK) % WEEK;
}

static int64_t length_of(const struct window *window)
{
	int64_t minutes = window->end - window->start;

	return (minutes > 0 ? minutes : minutes + 1440) * MINUTE;
}

/* `second` of the local week, 0 is Monday's midnight; *ret_change: until something may change. */
static bool is_open(const struct windows *windows, int64_t second, int64_t *ret_change)
{
	bool open = false;

	*ret_change = DAY;
	for (size_t i = 0; i < windows->count; i++) {
		const struct window *window = &windows->list[i];
		const int64_t length = length_of(window);
		const int64_t days = (window->last_day + 7 - window->first_day) % 7;

		for (int64_t day = 0; day <= days; day++) {
			int64_t start = (window->first_day + day) * DAY + window->start * MINUTE;
			int64_t since = modulo_week(second - start);
			int64_t change = since < length ? length - since : WEEK - since;

			open = open || since < length;
			if (change < *ret_change)
				*ret_change = change;
		}
	}
	return open;
}

/* The first moment after `at`, and at most `latest`, at which clocks are set. They are not set twice
   in a day. */
static int64_t next_jump(const struct zone *zone, int64_t at, int64_t latest)
{
	const int64_t offset = zone->offset(zone, at);
	int64_t before = at;

	if (zone->offset(zone, latest) == offset)
		return latest;
	while (latest - before > 1) {
		int64_t middle = before + (latest - before) / 2;

		if (zone->offset(zone, middle) == offset)
			before = middle;
		else
			latest = middle;
	}
	return latest;
}

static struct piece piece_at(const struct windows *windows, const struct zone *zone, int64_t at)
{
	const int64_t local = at + zone->offset(zone, at) + WEEKDAY_OF_EPOCH * DAY;
	struct piece piece;
	int64_t change;

	piece.open = is_open(windows, modulo_week(local), &change);
	piece.ends = next_jump(zone, at, at + change);
	return piece;
}

bool windows_next(const struct windows *windows, const struct zone *zone, int64_t from,
    int64_t *ret_opens, int64_t *ret_closes)
{
	int64_t at = from;
	int64_t opens = 0;
	bool found = false;

	if (from < 0 || from > YEAR_9999_END - WINDOWS_LOOK_AHEAD - DAY)
		return false;
	while (at < from + WINDOWS_LOOK_AHEAD) {
		struct piece piece = piece_at(windows, zone, at);

		if (!piece.open && found)
			break;
		if (piece.open && !found)
			opens = at;
		found = found || piece.open;
		at = piece.ends;
	}
	if (!found)
		return false;
	*ret_opens = opens;
	*ret_closes = at;
	return true;
}
