#pragma once
/*
 * A time zone: how far its local time is ahead of UTC at a moment. All that is asked of one, so that
 * tests bring their own.
 */
#include <stdint.h>

struct zone {
	/* Seconds, at a moment from 1970 to 9999; constant but for a few jumps a year. */
	int64_t (*offset)(const struct zone *zone, int64_t moment);
};

/* The host's: TZ, else /etc/localtime as it is now. */
const struct zone *zone_of_host(void);
