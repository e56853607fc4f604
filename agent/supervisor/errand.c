#include "agent/supervisor/errand.h"

#include "agent/call.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/report/console.h"
#include "agent/supervisor/supervisor.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define UUID_BYTES 16

/* A random UUID (RFC 9562, 5.4). */
static bool make_run_id(char run_id[RUN_ID_SIZE], struct error *error)
{
	static const size_t groups[] = { 4, 2, 2, 2, 6 };
	unsigned char bytes[UUID_BYTES];
	const unsigned char *from = bytes;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_set(
		    error, ERROR_INTERNAL, "no random bytes for a run id: %s", strerror(errno));
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
		text_to_hex(from, groups[i], run_id);
		run_id += 2 * groups[i];
		from += groups[i];
		*run_id++ = '-';
	}
	run_id[-1] = '\0';
	return true;
}

static void enter(struct result *result, struct outcome *outcome)
{
	result->changed = result->changed || outcome->changed || outcome->spare_made;
	if (outcome->signer[0])
		(void)!text_copy(result->signer, sizeof(result->signer), outcome->signer);
	if (outcome->key_generation_milliseconds >= 0)
		result->key_generation_milliseconds = outcome->key_generation_milliseconds;
	if (outcome->keys) {
		cJSON_Delete(result->keys);
		result->keys = take(outcome->keys);
	}
}

/* When the session with the token has ended, a second worker begins anew: it logs in as the latch
   allows, finds the new key by its id and goes on from the journal. A descriptor gives its PIN only
   once. */
static bool run_workers(const struct call *call, const struct job *job, const struct errand *errand,
    int lock, struct result *result, struct supervised *supervised, struct error *error)
{
	bool done = supervisor_run(job, errand->token, lock, call->console, supervised, error);

	enter(result, &supervised->outcome);
	if (done || error->kind != ERROR_SESSION || job->settings->pin_fd >= 0)
		return done;
	console_print(call->console, "%s: %s; beginning again with a new login",
	    job->settings->name, error->message);
	supervised_clear(supervised);
	error_clear(error);
	done = supervisor_run(job, errand->token, lock, call->console, supervised, error);
	enter(result, &supervised->outcome);
	return done;
}

bool errand_run(const struct call *call, struct identity *identity, const struct errand *errand,
    struct result *result, struct supervised *ret_supervised, struct error *error)
{
	scoped(char) char *url = errand->url ? text_duplicate(errand->url) : NULL;
	/* Only read by the one who sends it. */
	struct job job = {
		.task = errand->task,
		.renew = errand->renew,
		.retry_pin = errand->retry_pin,
		.prune = errand->prune,
		.unknown = errand->unknown,
		.has_token = errand->token != NULL,
		.generation = errand->generation,
		.url = url,
		.settings = (struct identity_settings *)identity->settings,
	};
	struct error unloaded = ERROR_INIT;
	bool done;

	*ret_supervised = (struct supervised){ .interrupted = false };
	if (!make_run_id(job.run_id, error))
		return false;
	console_explain(call->console, "%s: run %s", identity->settings->name, job.run_id);
	done = run_workers(call, &job, errand, identity->lock, result, ret_supervised, error);
	if (!identity->store || identity_load(identity, &unloaded))
		return done;
	if (!done) {
		console_print(call->console, "%s: %s", identity->settings->name, unloaded.message);
		return false;
	}
	*error = unloaded;
	return false;
}
