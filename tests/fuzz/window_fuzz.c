/*
 * base/window: what is accepted is written so that it is read as the same, and a span in which a
 * window is open has a beginning and an end.
 */
#include "base/window.h"

#include "base/scoped.h"
#include "base/text.h"
#include "base/zone.h"

#include <stdint.h>
#include <string.h>

#define MONDAY INT64_C(1799020800)
#define TEXT_MOST 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Set forward by half an hour in the middle of the second day. */
static int64_t offset_of_day(const struct zone *zone, int64_t moment)
{
	(void)zone;
	return moment < MONDAY + 129600 ? 3600 : 5400;
}

static void check_next(const struct windows *windows)
{
	static const struct zone zone = { offset_of_day };
	int64_t from = MONDAY;
	int64_t opens, closes;

	for (int i = 0; i < 20 && windows_next(windows, &zone, from, &opens, &closes); i++) {
		must(opens >= from && closes > opens);
		must(closes <= from + WINDOWS_LOOK_AHEAD + 86400);
		from = closes;
	}
	must(from > MONDAY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MOST + 1];
	struct windows windows, again;
	struct error error = ERROR_INIT;
	scoped(char) char *formatted = NULL;

	if (size > TEXT_MOST)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!windows_parse(text, &windows, &error)) {
		must(error.kind == ERROR_CONFIG);
		return 0;
	}
	must(windows.count > 0 && windows.count <= WINDOWS_MAX);
	formatted = windows_format(&windows);
	must(windows_parse(formatted, &again, &error) && again.count == windows.count);
	must(memcmp(again.list, windows.list, windows.count * sizeof(windows.list[0])) == 0);
	check_next(&windows);
	return 0;
}
