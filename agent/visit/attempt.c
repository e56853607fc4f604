#include "agent/visit/attempt.h"

#include "agent/call.h"
#include "agent/hooks/hooks.h"
#include "agent/identity/identity.h"
#include "agent/identity/remember.h"
#include "agent/identity/result.h"
#include "agent/report/console.h"
#include "agent/supervisor/supervisor.h"
#include "base/clock.h"

/* What could not be noted only costs the next run its knowledge. */
void attempt_note(const struct call *call, struct identity *identity,
    const struct supervised *supervised, struct result *result, const struct error *reason)
{
	const struct hooks hooks = { call, identity, result };
	struct error error = ERROR_INIT;
	int64_t now = clock_now();

	remember_enrolment(identity, &supervised->outcome, now, &result->reason, reason);
	hooks_owe_failure(&hooks, true, reason);
	if (!journal_save(identity->store, &identity->journal, now, &error))
		console_print(call->console, "%s", error.message);
}
