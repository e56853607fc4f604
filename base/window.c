#include "base/window.h"

#include "base/scoped.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define DAYS_IN_WEEK 7
#define MINUTES_IN_DAY 1440

static const char *const day_names[DAYS_IN_WEEK] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat",
	"Sun" };

/* What is left to read, and which window it is, for messages. */
struct reader {
	const char *at;
	size_t number;
	struct error *error;
};

static bool refuse(const struct reader *reader, const char *problem)
{
	return error_set(reader->error, ERROR_CONFIG, "window %zu %s", reader->number, problem);
}

static void skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t");
}

static bool take_character(struct reader *reader, char character)
{
	if (*reader->at != character)
		return false;
	reader->at++;
	return true;
}

static bool take_day(struct reader *reader, uint8_t *ret_day)
{
	for (uint8_t day = 0; day < DAYS_IN_WEEK; day++) {
		if (!text_starts_with(reader->at, day_names[day]))
			continue;
		reader->at += strlen(day_names[day]);
		*ret_day = day;
		return true;
	}
	return refuse(reader,
	    "has no such day: they are Mon, Tue, Wed, Thu, Fri, Sat, Sun, or two of these with a - "
	    "between them");
}

static bool take_days(struct reader *reader, struct window *window)
{
	window->first_day = 0;
	window->last_day = DAYS_IN_WEEK - 1;
	if (*reader->at >= '0' && *reader->at <= '9')
		return true;
	if (!take_day(reader, &window->first_day))
		return false;
	window->last_day = window->first_day;
	if (take_character(reader, '-') && !take_day(reader, &window->last_day))
		return false;
	if (*reader->at != ' ' && *reader->at != '\t')
		return refuse(reader, "needs a blank between its days and its times");
	skip_blanks(reader);
	return true;
}

static bool take_two_digits(struct reader *reader, unsigned *ret_number)
{
	const char *at = reader->at;

	if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
		return false;
	*ret_number = (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
	reader->at += 2;
	return true;
}

/* 24:00 is the end of the day. */
static bool take_time(struct reader *reader, uint16_t *ret_minutes)
{
	unsigned hour = 0;
	unsigned minute = 0;

	if (!take_two_digits(reader, &hour) || !take_character(reader, ':')
	    || !take_two_digits(reader, &minute))
		return refuse(reader, "needs its times as HH:MM-HH:MM, such as 02:00-04:00");
	if (minute > 59 || hour * 60 + minute > MINUTES_IN_DAY)
		return refuse(
		    reader, "has a time that no clock shows: 00:00 to 24:00 are possible");
	*ret_minutes = (uint16_t)(hour * 60 + minute);
	return true;
}

static bool take_window(struct reader *reader, struct window *window)
{
	if (!take_days(reader, window) || !take_time(reader, &window->start))
		return false;
	if (!take_character(reader, '-'))
		return refuse(reader, "needs its times as HH:MM-HH:MM, such as 02:00-04:00");
	if (!take_time(reader, &window->end))
		return false;
	if (window->start == MINUTES_IN_DAY)
		return refuse(reader, "begins at 24:00: that is 00:00 of the day that follows");
	if (window->start == window->end)
		return refuse(reader, "ends as it begins: 00:00-24:00 is a whole day");
	skip_blanks(reader);
	return true;
}

bool windows_parse(const char *text, struct windows *ret_windows, struct error *error)
{
	struct reader reader = { text, 1, error };
	struct windows windows = { .count = 0 };

	if (strlen(text) > WINDOWS_TEXT_MAX)
		return error_set(
		    error, ERROR_CONFIG, "is longer than %d characters", WINDOWS_TEXT_MAX);
	do {
		if (windows.count == WINDOWS_MAX)
			return error_set(
			    error, ERROR_CONFIG, "has more than %d windows", WINDOWS_MAX);
		reader.number = windows.count + 1;
		skip_blanks(&reader);
		if (!take_window(&reader, &windows.list[windows.count++]))
			return false;
	} while (take_character(&reader, ','));
	if (*reader.at != '\0')
		return refuse(
		    &reader, "is not at its end after its times: a comma goes between two");
	*ret_windows = windows;
	return true;
}

static void format_days(const struct window *window, struct text_buffer *text)
{
	if (window->first_day == 0 && window->last_day == DAYS_IN_WEEK - 1)
		return;
	text_add_string(text, day_names[window->first_day]);
	if (window->last_day != window->first_day)
		text_printf(text, "-%s", day_names[window->last_day]);
	text_add_string(text, " ");
}

char *windows_format(const struct windows *windows)
{
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(WINDOWS_TEXT_MAX);
	struct error impossible = ERROR_INIT;
	char *formatted = NULL;

	for (size_t i = 0; i < windows->count; i++) {
		const struct window *window = &windows->list[i];

		text_add_string(&text, i == 0 ? "" : ", ");
		format_days(window, &text);
		text_printf(&text, "%02u:%02u-%02u:%02u", window->start / 60u, window->start % 60u,
		    window->end / 60u, window->end % 60u);
	}
	if (!text_take(&text, &formatted, &impossible))
		abort();
	return formatted;
}
