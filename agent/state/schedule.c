#include "agent/state/schedule.h"

#include "base/text.h"
#include "base/window.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <string.h>

#define BACKOFF_LEAST 60
#define BACKOFF_SPREAD 0.2 /* either way */
/* The part of the leaf's lifetime that has to pass before a CA that ends first is asked for. */
#define CA_LIMIT_PART 10
/* The part of the first window after the due date over which a fleet spreads. */
#define WINDOW_SPREAD 0.5
/* Windows that were missed and still halve the spread; then there is none. */
#define WINDOWS_SPREAD_MAX 8
#define CERTIFICATES_FACTOR 3
#define CERTIFICATES_LEAST 12
#define DAY 86400
/* Nothing can call for a certificate more often. */
#define PERIOD_LEAST 60

/* Dates come from certificates: nothing may overflow, whatever they say. */
static int64_t span_between(int64_t from, int64_t to)
{
	int64_t span;

	if (to <= from)
		return 0;
	return __builtin_sub_overflow(to, from, &span) ? INT64_MAX : span;
}

static int64_t later_by(int64_t moment, int64_t span)
{
	int64_t later;

	return __builtin_add_overflow(moment, span, &later) ? INT64_MAX : later;
}

/* 0 <= part <= 1, or is made so. A double holds the seconds of 285 million years exactly. */
static int64_t part_of(double part, int64_t span)
{
	if (!(part > 0))
		return 0;
	return part < 1 ? (int64_t)(part * (double)span) : span;
}

/* From [0, 1), evenly, and the same for the same two texts. */
static double share_of(const char *first, const char *second)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	unsigned char parts[2 * SHA256_DIGEST_LENGTH];
	uint64_t number = 0;

	/* Hashed one by one, so that moving a letter from one to the other gives another share. */
	SHA256((const unsigned char *)first, strlen(first), parts);
	SHA256((const unsigned char *)second, strlen(second), parts + SHA256_DIGEST_LENGTH);
	SHA256(parts, sizeof(parts), digest);
	for (size_t i = 0; i < sizeof(number); i++)
		number = number << 8 | digest[i];
	return (double)(number >> 11) / (double)(UINT64_C(1) << 53);
}

int64_t schedule_ca_limit(int64_t not_before, int64_t leaf_end)
{
	return later_by(not_before, span_between(not_before, leaf_end) / CA_LIMIT_PART);
}

struct schedule schedule_due(const struct schedule_input *input)
{
	int64_t lifetime = span_between(input->not_before, input->earliest_end);
	int64_t leaf_lifetime = span_between(input->not_before, input->leaf_end);
	int64_t floor = schedule_ca_limit(input->not_before, input->leaf_end);
	double share = share_of(
	    input->common_name ? input->common_name : "", input->identity ? input->identity : "");
	double part = input->lifetime_fraction - share * input->jitter;
	struct schedule schedule = {
		.due = later_by(input->not_before, part_of(part, lifetime)),
		.latest = later_by(input->not_before, part_of(1 - input->window_margin, lifetime)),
		.share = share,
	};

	if (input->at_once) {
		schedule.due = schedule.latest = input->not_before;
		return schedule;
	}
	if (input->same_issuer && input->earliest_end < input->leaf_end && schedule.due < floor) {
		schedule.due = floor;
		schedule.limited_by_ca = true;
		/* The CA's end would call for nothing that comes: only the leaf's does harm. */
		schedule.latest =
		    later_by(input->not_before, part_of(1 - input->window_margin, leaf_lifetime));
	}
	return schedule;
}

static int64_t at_most(int64_t number, int64_t most)
{
	return number < most ? number : most;
}

static int64_t at_least(int64_t number, int64_t least)
{
	return number > least ? number : least;
}

void schedule_bring_forward(
    struct schedule *schedule, int64_t since, int64_t spread, int64_t earliest)
{
	int64_t due = at_least(later_by(since, part_of(schedule->share, spread)), earliest);

	if (due >= schedule->due)
		return;
	schedule->regular = schedule->due;
	schedule->due = due;
	schedule->limited_by_ca = false;
}

int64_t schedule_daily(const struct schedule *schedule, int64_t last)
{
	int64_t least = later_by(last, DAY / 2);
	int64_t moment = least - least % DAY + part_of(schedule->share, DAY);

	return moment >= least ? moment : later_by(moment, DAY);
}

static int64_t first_start(const struct schedule *schedule, const struct windows *windows,
    const struct zone *zone, int64_t now)
{
	double spread = WINDOW_SPREAD * schedule->share;
	int64_t from = schedule->due;
	int64_t opens, closes;

	if (windows->count == 0 || schedule->due >= schedule->latest)
		return schedule->due;
	for (unsigned missed = 0; windows_next(windows, zone, from, &opens, &closes); missed++) {
		int64_t start = opens;

		if (opens != schedule->due)
			start += part_of(spread, closes - opens);
		if (start >= schedule->latest)
			break;
		if (now < closes)
			return start;
		spread = missed + 1 < WINDOWS_SPREAD_MAX ? spread / 2 : 0;
		/* Those of a host that was off for years are not counted. */
		from = missed + 1 < WINDOWS_SPREAD_MAX ? closes : at_least(now, closes);
	}
	return schedule->latest;
}

/* Inside of a window what becomes due begins at once: one that was due before the window opened must
   not begin later than that. */
int64_t schedule_start(const struct schedule *schedule, const struct windows *windows,
    const struct zone *zone, int64_t now)
{
	struct schedule regular = *schedule;
	int64_t begins = first_start(schedule, windows, zone, now);

	if (schedule->regular == 0)
		return begins;
	regular.due = schedule->regular;
	return at_most(begins, first_start(&regular, windows, zone, now));
}

uint32_t schedule_certificates_per_day(
    const struct schedule *schedule, int64_t not_before, uint32_t most)
{
	int64_t due = schedule->regular != 0 ? schedule->regular : schedule->due;
	int64_t period = at_least(span_between(not_before, due), PERIOD_LEAST);

	if (most != 0)
		return most;
	return (uint32_t)at_least(
	    (CERTIFICATES_FACTOR * DAY + period - 1) / period, CERTIFICATES_LEAST);
}

static int64_t doubled_delay(uint32_t failures)
{
	int64_t delay = BACKOFF_LEAST;

	for (uint32_t i = 1; i < failures && delay < SCHEDULE_BACKOFF_MAX; i++)
		delay *= 2;
	return at_most(delay, SCHEDULE_BACKOFF_MAX);
}

int64_t schedule_next_attempt(
    int64_t now, uint32_t failures, int64_t leaf_end, int64_t retry_after, const char *seed)
{
	int64_t most = at_most(span_between(now, leaf_end) / 10, SCHEDULE_BACKOFF_MAX);
	char number[16];
	double spread;
	int64_t delay;

	text_format(number, sizeof(number), "%" PRIu32, failures);
	spread = 1 - BACKOFF_SPREAD + 2 * BACKOFF_SPREAD * share_of(seed, number);
	delay = (int64_t)((double)doubled_delay(failures) * spread);
	delay = at_most(at_least(delay, retry_after), most);
	return later_by(now, at_least(delay, BACKOFF_LEAST));
}
