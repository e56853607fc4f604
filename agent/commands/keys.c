#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/report.h"
#include "agent/supervisor/errand.h"
#include "agent/supervisor/supervisor.h"
#include "base/text.h"

bool command_keys(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	scoped(supervised) struct supervised supervised;
	const struct errand errand = {
		.task = JOB_KEYS,
		.prune = call->options->prune,
		.unknown = call->options->unknown,
	};

	int count;

	if (!errand_run(call, identity, &errand, result, &supervised, error))
		return false;
	if (!call->options->json)
		report_keys(stdout, identity, result->keys);
	count = cJSON_GetArraySize(result->keys);
	text_format(result->message, sizeof(result->message), "%d key%s%s", count,
	    count == 1 ? "" : "s", result->changed ? ", leftovers destroyed" : "");
	return true;
}
