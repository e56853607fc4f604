#include "base/clock.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* The own arithmetic, because timegm and gmtime_r read the time zone, which may count leap
   seconds, and the calendar is forty lines. */
#define DAY 86400
#define SECONDS_OF_YEAR_0 (-62167219200)
#define SECONDS_OF_YEAR_9999_END 253402300799

int64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

int64_t clock_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_leap_year(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
	static const int64_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap_year(year));
}

/* Days from 0000-01-01 to the first of January of a year that is not negative. */
static int64_t days_before_year(int64_t year)
{
	int64_t past = year - 1;

	return year == 0 ? 0 : year * 365 + past / 4 - past / 100 + past / 400 + 1;
}

void clock_format(int64_t seconds, char target[CLOCK_TEXT_SIZE])
{
	int64_t past;
	int64_t day;
	int64_t year;
	int64_t month = 1;

	if (seconds < SECONDS_OF_YEAR_0)
		seconds = SECONDS_OF_YEAR_0;
	if (seconds > SECONDS_OF_YEAR_9999_END)
		seconds = SECONDS_OF_YEAR_9999_END;
	past = seconds - SECONDS_OF_YEAR_0;
	day = past / DAY;
	past %= DAY;
	year = day / 366;
	while (days_before_year(year + 1) <= day)
		year++;
	day -= days_before_year(year);
	while (day >= days_in_month(year, month))
		day -= days_in_month(year, month++);
	text_format(target, CLOCK_TEXT_SIZE,
	    "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 "Z",
	    year, month, day + 1, past / 3600, past / 60 % 60, past % 60);
}

static int64_t two_digits(const char *text)
{
	return (text[0] - '0') * 10 + (text[1] - '0');
}

static bool has_shape(const char *text, const char *shape)
{
	if (strlen(text) != strlen(shape))
		return false;
	for (; *shape; shape++, text++) {
		bool digit = *text >= '0' && *text <= '9';

		if (*shape == '0' ? !digit : *text != *shape)
			return false;
	}
	return true;
}

bool clock_parse(const char *text, int64_t *ret_seconds)
{
	int64_t year, month, day, hour, minute, second, days;

	if (!has_shape(text, "0000-00-00T00:00:00Z"))
		return false;
	year = two_digits(text) * 100 + two_digits(text + 2);
	month = two_digits(text + 5);
	day = two_digits(text + 8);
	hour = two_digits(text + 11);
	minute = two_digits(text + 14);
	second = two_digits(text + 17);
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;

	days = days_before_year(year) + day - 1;
	while (--month > 0)
		days += days_in_month(year, month);
	*ret_seconds = SECONDS_OF_YEAR_0 + days * DAY + hour * 3600 + minute * 60 + second;
	return true;
}
