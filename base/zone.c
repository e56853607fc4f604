#include "base/zone.h"

#include <time.h>

static int64_t offset_of_host(const struct zone *zone, int64_t moment)
{
	const time_t seconds = moment;
	struct tm local;

	(void)zone;
	return localtime_r(&seconds, &local) ? local.tm_gmtoff : 0;
}

const struct zone *zone_of_host(void)
{
	static const struct zone host = { offset_of_host };

	/* localtime_r alone would keep what it read first, for as long as a daemon lives. */
	tzset();
	return &host;
}
