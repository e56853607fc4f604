/*
 * answer.json, through its file: an answer that is found comes back the same when it is saved.
 */
#include "agent/state/answer.h"

#include "agent/state/store.h"
#include "base/text.h"
#include "tests/fakes/state_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool find(const struct store *store, struct answer *ret_answer)
{
	struct error error = ERROR_INIT;
	bool found;

	must(answer_load(store, ret_answer, &found, &error));
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store *store = state_folder_shared();
	struct error error = ERROR_INIT;
	struct answer answer;
	struct answer again;

	state_folder_write_bytes("orders/answer.json", data, size);
	if (!find(store, &answer))
		return 0;
	must(answer_save(store, &answer, &error));
	must(find(store, &again));
	must(text_equal(answer.subject, again.subject));
	must(text_equal(answer.client_certificate, again.client_certificate));
	must(text_equal(answer.ca_certificate, again.ca_certificate));
	must(text_equal(answer.certificate_chain, again.certificate_chain));
	answer_clear(&answer);
	answer_clear(&again);
	return 0;
}
