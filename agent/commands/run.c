#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/daemon/daemon.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/report.h"
#include "agent/visit/visit.h"
#include "base/clock.h"
#include "base/scoped.h"

int command_run(const struct call *call, cJSON **ret_report)
{
	scoped(result) struct result result = result_new();
	const int64_t began = clock_milliseconds();

	(void)!daemon_run(call, &result, &result.error);
	result.total_milliseconds = clock_milliseconds() - began;
	visit_tell(call, &result);
	*ret_report = report_json(call->options, NULL, NULL, &result);
	return result_exit_status(&result, call->options->detailed_exitcode);
}
