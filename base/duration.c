#include "base/duration.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

static const int64_t seconds_most = (int64_t)100 * 365 * 24 * 3600;

static const struct {
	const char *name;
	int64_t seconds;
} units[] = {
	{ "w", 604800 },
	{ "d", 86400 },
	{ "h", 3600 },
	{ "min", 60 },
	{ "s", 1 },
};

bool duration_parse(const char *text, int64_t *ret_seconds)
{
	unsigned long long number;
	char *unit;

	if (*text < '0' || *text > '9')
		return false;
	number = strtoull(text, &unit, 10); /* ULLONG_MAX for more digits */
	if (number > (uint64_t)seconds_most)
		return false;
	if (number == 0 && *unit == '\0') {
		*ret_seconds = 0;
		return true;
	}
	if (*unit == ' ')
		unit++;
	for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
		if (!text_equal(unit, units[i].name))
			continue;
		if ((int64_t)number > seconds_most / units[i].seconds)
			return false;
		*ret_seconds = (int64_t)number * units[i].seconds;
		return true;
	}
	return false;
}

void duration_format(int64_t seconds, char *target, size_t size)
{
	const char *sign = seconds < 0 ? "-" : "";
	uint64_t rest = seconds < 0 ? -(uint64_t)seconds : (uint64_t)seconds;
	size_t unit = 1; /* weeks are for the configuration */
	uint64_t large;
	uint64_t small;

	while (unit + 1 < ARRAY_LENGTH(units) && rest < (uint64_t)units[unit].seconds)
		unit++;
	large = rest / (uint64_t)units[unit].seconds;
	rest %= (uint64_t)units[unit].seconds;
	small = unit + 1 < ARRAY_LENGTH(units) ? rest / (uint64_t)units[unit + 1].seconds : 0;
	if (small == 0)
		text_format(target, size, "%s%" PRIu64 " %s", sign, large, units[unit].name);
	else
		text_format(target, size, "%s%" PRIu64 " %s %" PRIu64 " %s", sign, large,
		    units[unit].name, small, units[unit + 1].name);
}
