/*
 * journal.json: a journal that is accepted is in range, and comes back the same when it is saved.
 */
#include "agent/state/journal.h"

#include "agent/state/journal_json.h"
#include "base/json.h"
#include "base/scoped.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_accepted(const struct journal *journal)
{
	scoped(cJSON) cJSON *object = journal_json_format(journal);
	scoped(char) char *text = json_print(object);
	scoped(cJSON) cJSON *reparsed = NULL;
	struct error error = ERROR_INIT;
	struct journal again;

	must(journal->phase >= PHASE_IDLE && journal->phase < PHASE_COUNT);
	must(journal->phase == PHASE_IDLE || (journal->generation > 0 && journal->key_id[0]));
	must(journal->phase != PHASE_IDLE || journal->generation == 0);
	must(journal->nameless_before >= -1);
	must(json_parse(text, strlen(text), "again", ERROR_DAMAGED, &reparsed, &error));
	must(journal_json_parse(reparsed, &again));
	must(memcmp(&again, journal, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(cJSON) cJSON *object = NULL;
	struct error error = ERROR_INIT;
	struct journal journal;

	if (json_parse((const char *)data, size, "input", ERROR_DAMAGED, &object, &error)
	    && journal_json_parse(object, &journal))
		check_accepted(&journal);
	return 0;
}
