#include "tests/unit/report_scene.h"

#include "agent/commands/commands.h"
#include "agent/report/report.h"
#include "tests/fakes/state_folder.h"

#include <stdlib.h>
#include <string.h>

int report_set_up(void **state)
{
	struct host *host = calloc(1, sizeof(*host));

	assert_non_null(host);
	host->settings = (struct identity_settings){ .name = "orders" };
	host->settings.connector_url = strdup("https://connector.example.com/graphql");
	host->settings.token = strdup("pkcs11:token=fleet");
	host->identity = (struct identity){
		.settings = &host->settings,
		.lock = -1,
		.active = state_folder_generation(3),
		.not_before = NOW - 30 * AUTHORITY_DAY,
		.not_after = NOW + 60 * AUTHORITY_DAY,
		.schedule = { .due = NOW + 30 * AUTHORITY_DAY },
	};
	journal_clear(&host->identity.journal);
	host->identity.journal.last_run = NOW - 60;
	host->options = (struct options){ .command = command_find("status") };
	host->result = result_new();
	*state = host;
	return 0;
}

int report_tear_down(void **state)
{
	struct host *host = *state;

	generation_clear(&host->identity.active);
	result_clear(&host->result);
	free(host->settings.connector_url);
	free(host->settings.token);
	free(host);
	return 0;
}

cJSON *report_of(const struct host *host)
{
	return report_json(&host->options, &host->settings, &host->identity, &host->result);
}

char *shown_by(void (*report)(FILE *stream, const struct identity *identity, int64_t now),
    const struct host *host)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	report(stream, &host->identity, NOW);
	assert_int_equal(fclose(stream), 0);
	return text;
}

void assert_shows(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

void assert_members(const cJSON *object, const char *expected)
{
	char names[512] = "";
	const cJSON *member;

	assert_non_null(object);
	cJSON_ArrayForEach (member, object) {
		size_t length = strlen(names);

		(void)snprintf(names + length, sizeof(names) - length, "%s%s",
		    length == 0 ? "" : " ", member->string);
	}
	assert_string_equal(names, expected);
}
