#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/hooks/hooks.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/supervisor/errand.h"
#include "agent/supervisor/supervisor.h"
#include "agent/x509/certificate.h"
#include "base/text.h"

#include <inttypes.h>

/* The generation that is meant, and that it is there. */
static bool find_generation(
    const struct identity *identity, uint32_t wanted, uint32_t *ret_number, struct error *error)
{
	uint32_t numbers[STORE_GENERATIONS_MAX];
	scoped(text) struct text_buffer known = TEXT_BUFFER_INIT(ERROR_MESSAGE_SIZE / 2);
	size_t count = 0;

	if (wanted == 0 && identity->active.number == 0)
		return error_set(
		    error, ERROR_USAGE, "%s has no active certificate", identity->settings->name);
	*ret_number = wanted == 0 ? identity->active.number : wanted;
	if (!store_list(identity->store, numbers, &count, error))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (numbers[i] == *ret_number)
			return true;
		(void)text_printf(&known, "%s%" PRIu32, i == 0 ? "" : ", ", numbers[i]);
	}
	return error_set(error, ERROR_USAGE, "%s has no generation %" PRIu32 "; there %s %s",
	    identity->settings->name, wanted, count == 1 ? "is" : "are",
	    count == 0 ? "none" : known.data);
}

bool command_revoke(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	scoped(generation) struct generation generation = { 0 };
	const struct hooks hooks = { call, identity, result };
	struct errand errand = { .task = JOB_REVOKE };
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];

	if (identity->unreadable.kind != ERROR_NONE && call->options->active) {
		*error = identity->unreadable;
		return false;
	}
	if (!find_generation(identity, call->options->generation, &errand.generation, error)
	    || !store_load(identity->store, errand.generation, &generation, error))
		return false;
	certificate_sha256(generation.certificate, sha256);
	if (!generation.revoked && errand.generation == identity->active.number)
		hooks_owe_reenrolment(&hooks);
	if (!generation.revoked && !errand_run(call, identity, &errand, result, &supervised, error))
		return false;
	text_format(result->message, sizeof(result->message),
	    "%s certificate %s (generation %" PRIu32 ")%s",
	    generation.revoked ? "had already revoked" : "revoked", sha256, errand.generation,
	    errand.generation == identity->active.number
		? ": enroll with a one-time token to get a new one"
		: "");
	return true;
}
