#include "agent/doctor/doctor.h"

#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/report.h"

bool command_doctor(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	bool well = doctor_run(call, identity, result, error);

	if (!call->options->json)
		report_checks(stdout, identity->settings->name, result);
	return well;
}

void command_doctor_refused(
    const struct call *call, const struct error *reason, struct result *result)
{
	doctor_refuse(reason, result);
	if (!call->options->json)
		report_checks(stdout, "renewal-agent", result);
}
