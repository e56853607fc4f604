#include "agent/identity/result.h"
#include "agent/report/report.h"
#include "base/json.h"

#include <stdlib.h>
#include <unistd.h>

/* Failures are to be seen without reading. */
static const struct {
	const char *word;
	const char *colour; /* ECMA-48, SGR */
} looks[] = {
	[CHECK_OK] = { "ok", "\033[32m" },
	[CHECK_WARN] = { "WARN", "\033[33m" },
	[CHECK_FAIL] = { "FAIL", "\033[1;31m" },
	[CHECK_SKIPPED] = { "skipped", "\033[2m" },
};

/* https://no-color.org */
static bool wants_colour(FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR");

	return isatty(fileno(stream)) && (!no_colour || no_colour[0] == '\0');
}

void report_checks(FILE *stream, const char *name, const struct result *result)
{
	const bool colour = wants_colour(stream);

	fprintf(stream, "%s: %s\n", name, result->message);
	for (size_t i = 0; i < result->checks.count; i++) {
		const struct check *check = &result->checks.items[i];

		fprintf(stream, "  %s%-8s%s%-19s %s\n", colour ? looks[check->result].colour : "",
		    looks[check->result].word, colour ? "\033[0m" : "", check_name(check->id),
		    check->message);
		if (check->cure[0])
			fprintf(stream, "  %8s%-19s -> %s\n", "", "", check->cure);
	}
}

cJSON *report_checks_json(const struct result *result)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < result->checks.count; i++) {
		cJSON *member = json_new_object();

		check_to_json(&result->checks.items[i], member);
		(void)cJSON_AddItemToArray(list, member);
	}
	return list;
}
