#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/supervisor/errand.h"
#include "agent/supervisor/supervisor.h"
#include "agent/visit/attempt.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The file itself, whatever the working directory: the key is found there until the next renewal. */
static bool resolve(const char *option, const char *path, char **ret_path, struct error *error)
{
	*ret_path = realpath(path, NULL);
	return *ret_path
	       || error_set(
		   error, ERROR_USAGE, "%s: cannot find %.512s: %s", option, path, strerror(errno));
}

static bool resolve_key(const char *key, char **ret_key, struct error *error)
{
	if (!text_starts_with(key, "pkcs11:"))
		return resolve("--key", key, ret_key, error);
	*ret_key = text_duplicate(key);
	return true;
}

bool command_adopt(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	const struct options *options = call->options;
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	scoped(char) char *certificate = NULL;
	scoped(char) char *key = NULL;
	scoped(char) char *ca = NULL;
	struct errand errand = {
		.task = JOB_ADOPT,
		.retry_pin = options->retry_pin,
		.force = options->force,
	};
	char end[CLOCK_TEXT_SIZE];
	char due[CLOCK_TEXT_SIZE];
	bool done;

	if (!resolve("--certificate", options->certificate, &certificate, error)
	    || !resolve_key(options->key, &key, error)
	    || (options->ca && !resolve("--ca", options->ca, &ca, error)))
		return false;
	errand.certificate = certificate;
	errand.key = key;
	errand.ca = ca;
	done = errand_run(call, identity, &errand, result, &supervised, error);
	if (!supervised.interrupted)
		attempt_note(call, identity, &supervised, result, error);
	if (!done)
		return false;
	clock_format(identity->not_after, end);
	clock_format(decide_next_renewal(identity, clock_now()), due);
	text_format(result->message, sizeof(result->message),
	    "adopted as generation %" PRIu32
	    ": valid until %s; the renewal at %s makes a key of our own, or renew --force now",
	    identity->active.number, end, due);
	return true;
}
