#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/plan/host_status.h"
#include "agent/plan/load.h"
#include "agent/plan/plan_report.h"
#include "agent/report/console.h"
#include "agent/report/report.h"
#include "base/clock.h"
#include "base/text.h"

#define TOLD_MAX 20

/* What could not be used. */
struct refused {
	struct console *console;
	size_t count;
};

static void tell(void *context, const struct error *error)
{
	struct refused *refused = context;

	refused->count++;
	if (refused->count <= TOLD_MAX)
		console_print(refused->console, "%s", error->message);
	if (refused->count == TOLD_MAX)
		console_print(refused->console, "what else cannot be used is only counted");
}

static bool read_all(
    const struct options *options, struct refused *refused, struct plan *plan, struct error *error)
{
	static const char *const standard_input[] = { "-" };
	const struct fleet_refusals refusals = { tell, refused };
	const bool given = options->operand_count > 0;

	if (!fleet_read(given ? options->operands : standard_input,
		given ? options->operand_count : 1, &refusals, &plan->fleet, error))
		return false;
	plan->refused = refused->count;
	return (host_status_order(&plan->fleet, plan->now, &plan->statuses)
		   && load_reckon(&plan->statuses, options->bucket, &plan->load))
	       || error_set(error, ERROR_INTERNAL, "out of memory");
}

/* A plan with holes is printed, but nobody is to take it for whole. */
static void judge(const struct plan *plan, struct result *result)
{
	char summary[PLAN_SUMMARY_SIZE];

	plan_report_summary(plan, summary);
	text_format(result->message, sizeof(result->message), "%s", summary);
	if (plan->refused > 0)
		(void)error_set(&result->error, ERROR_USAGE,
		    "%zu report%s or file%s could not be used; the plan is made of the others",
		    plan->refused, plan->refused == 1 ? "" : "s", plan->refused == 1 ? "" : "s");
}

int command_plan(const struct call *call, cJSON **ret_report)
{
	struct result result = result_new();
	struct refused refused = { .console = call->console };
	struct plan plan = { .now = clock_now() };

	if (read_all(call->options, &refused, &plan, &result.error))
		judge(&plan, &result);
	if (!call->options->json)
		plan_report_text(stdout, &plan);
	if (result.error.kind != ERROR_NONE)
		console_print(call->console, "%s", result.error.message);
	*ret_report = report_json_head(call->options, &result);
	plan_report_json(*ret_report, &plan);
	load_clear(&plan.load);
	host_status_clear(&plan.statuses);
	fleet_clear(&plan.fleet);
	return result_exit_status(&result, false);
}
