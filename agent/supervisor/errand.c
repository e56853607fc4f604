#include "agent/supervisor/errand.h"

#include "agent/call.h"
#include "agent/identity/identity.h"
#include "agent/identity/notice.h"
#include "agent/identity/result.h"
#include "agent/report/console.h"
#include "agent/supervisor/supervisor.h"
#include "agent/supervisor/worker_share.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"

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
	bool done = supervisor_run(job, errand->token, lock, call->workers, errand->listener,
	    call->console, supervised, error);

	enter(result, &supervised->outcome);
	if (done || error->kind != ERROR_SESSION || job->settings->pin_fd >= 0)
		return done;
	console_print(call->console, "%s; beginning again with a new login", error->message);
	supervised_clear(supervised);
	error_clear(error);
	done = supervisor_run(job, errand->token, lock, call->workers, errand->listener,
	    call->console, supervised, error);
	enter(result, &supervised->outcome);
	return done;
}

/* What could not be kept is found out again by the next handshake. */
static void notice(
    const struct call *call, struct identity *identity, const struct handshake *handshake)
{
	struct error error = ERROR_INIT;

	if (!notice_handshake(identity, handshake, clock_now(), &error))
		console_print(call->console, "%s", error.message);
}

bool errand_run(const struct call *call, struct identity *identity, const struct errand *errand,
    struct result *result, struct supervised *ret_supervised, struct error *error)
{
	scoped(char) char *url = errand->url ? text_duplicate(errand->url) : NULL;
	/* Only read by the one who sends it. */
	struct job job = {
		.task = errand->task,
		.renew = errand->renew,
		.retry_pin = errand->retry_pin && !(call->workers && call->workers->refused),
		.prune = errand->prune,
		.unknown = errand->unknown,
		.has_token = errand->token != NULL,
		.spare = errand->spare,
		.others = call->workers != NULL,
		.generation = errand->generation,
		.url = url,
		.certificate = (char *)errand->certificate,
		.key = (char *)errand->key,
		.ca = (char *)errand->ca,
		.force = errand->force,
		.revoke_old = errand->revoke_old,
		.destroy_old = errand->destroy_old,
		.settings = (struct identity_settings *)identity->settings,
	};
	struct error unloaded = ERROR_INIT;
	bool done;

	*ret_supervised = (struct supervised){ .interrupted = false };
	(void)!text_copy(job.run_id, sizeof(job.run_id), result->run_id);
	done = run_workers(call, &job, errand, identity->lock, result, ret_supervised, error);
	if (call->workers && ret_supervised->outcome.latched)
		call->workers->refused = true;
	if (!errand->unnoted)
		notice(call, identity, &ret_supervised->outcome.handshake);
	result->interrupted = result->interrupted || ret_supervised->interrupted;
	if (!identity->store || identity_load(identity, &unloaded))
		return done;
	if (!done) {
		console_print(call->console, "%s", unloaded.message);
		return false;
	}
	*error = unloaded;
	return false;
}
