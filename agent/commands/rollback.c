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
#include "base/text.h"

#include <inttypes.h>

static void say_where(const struct identity *identity, uint32_t left, struct result *result)
{
	char end[CLOCK_TEXT_SIZE];
	char due[CLOCK_TEXT_SIZE];

	clock_format(identity->not_after, end);
	clock_format(decide_next_renewal(identity, clock_now()), due);
	text_format(result->message, sizeof(result->message),
	    "gone back from generation %" PRIu32 " to %" PRIu32 ": valid until %s, next renewal %s",
	    left, identity->active.number, end, due);
	/* Killed between the rename and its note in the journal. */
	if (left == identity->active.number)
		text_format(result->message, sizeof(result->message),
		    "an earlier run had gone back to generation %" PRIu32
		    ": valid until %s, next renewal %s",
		    identity->active.number, end, due);
}

bool command_rollback(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	const struct errand errand = {
		.task = JOB_ROLLBACK,
		.retry_pin = call->options->retry_pin,
	};
	uint32_t left = 0;
	bool done;

	/* Also what cannot be read may be left. */
	if (!store_current(identity->store, &left, error))
		return false;
	done = errand_run(call, identity, &errand, result, &supervised, error);
	if (!supervised.interrupted)
		attempt_note(call, identity, &supervised, result, error);
	if (!done)
		return false;
	say_where(identity, left, result);
	return true;
}
