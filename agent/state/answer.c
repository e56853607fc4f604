#include "agent/state/answer.h"

#include "agent/state/state_file.h"
#include "agent/state/store.h"
#include "base/record.h"
#include "base/scoped.h"

#include <stdlib.h>

#define ANSWER_NAME "answer.json"
#define ANSWER_TEXT_MAX 65536

static struct state_folder folder_of(const struct store *store)
{
	return (struct state_folder){ store_folder(store), store_path(store) };
}

/* Nothing here is fsynced: when a power cut takes the answer, the Connector is asked again, which
   costs one request; when it brings one back, the next renewal writes over it. */
bool answer_save(const struct store *store, const struct answer *answer, struct error *error)
{
	struct state_folder folder = folder_of(store);
	scoped(cJSON) cJSON *object = record_new();

	json_add_string(object, "subject", answer->subject);
	json_add_string(object, "client_certificate", answer->client_certificate);
	json_add_string(object, "ca_certificate", answer->ca_certificate);
	json_add_string(object, "certificate_chain", answer->certificate_chain);
	return state_file_write(&folder, ANSWER_NAME, object, STATE_FILE_MAY_VANISH, error);
}

static bool parse_answer(const cJSON *object, struct answer *ret_answer)
{
	struct record record = record_begin(object);

	ret_answer->subject = record_string(&record, "subject", ANSWER_TEXT_MAX);
	ret_answer->client_certificate =
	    record_string(&record, "client_certificate", ANSWER_TEXT_MAX);
	ret_answer->ca_certificate = record_string(&record, "ca_certificate", ANSWER_TEXT_MAX);
	ret_answer->certificate_chain =
	    record_string(&record, "certificate_chain", ANSWER_TEXT_MAX);
	return record.good && ret_answer->subject && ret_answer->client_certificate
	       && ret_answer->ca_certificate && ret_answer->certificate_chain;
}

bool answer_load(
    const struct store *store, struct answer *ret_answer, bool *ret_found, struct error *error)
{
	struct state_folder folder = folder_of(store);
	scoped(cJSON) cJSON *object = NULL;
	bool damaged;

	*ret_answer = (struct answer){ 0 };
	if (!state_file_read(&folder, ANSWER_NAME, &object, &damaged, error))
		return false;
	*ret_found = object && parse_answer(object, ret_answer);
	if (!*ret_found)
		answer_clear(ret_answer);
	return true;
}

bool answer_remove(const struct store *store, struct error *error)
{
	struct state_folder folder = folder_of(store);

	return state_file_remove(&folder, ANSWER_NAME, STATE_FILE_MAY_VANISH, error);
}

void answer_clear(struct answer *answer)
{
	free(answer->subject);
	free(answer->client_certificate);
	free(answer->ca_certificate);
	free(answer->certificate_chain);
	*answer = (struct answer){ 0 };
}
