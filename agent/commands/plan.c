#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/plan/input.h"
#include "agent/plan/load.h"
#include "agent/plan/plan_report.h"
#include "agent/report/console.h"
#include "agent/report/report.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

static void read_all(const struct options *options, struct input *input)
{
	if (options->operand_count == 0)
		input_read(input, "-");
	for (size_t i = 0; i < options->operand_count; i++)
		input_read(input, options->operands[i]);
	host_status_sort(&input->statuses);
}

/* A plan with holes is printed, but nobody is to take it for whole. */
static void judge(const struct input *input, const struct load *load, struct result *result)
{
	char summary[PLAN_SUMMARY_SIZE];

	plan_report_summary(input, load, summary);
	text_format(result->message, sizeof(result->message), "%s", summary);
	if (input->bad > 0)
		(void)error_set(&result->error, ERROR_USAGE,
		    "%zu line%s or file%s could not be used; the plan is made of %zu others",
		    input->bad, input->bad == 1 ? "" : "s", input->bad == 1 ? "" : "s",
		    input->objects);
}

int command_plan(const struct call *call, cJSON **ret_report)
{
	struct result result = result_new();
	struct input input = { .console = call->console, .now = clock_now() };
	struct load load = { .count = 0 };

	read_all(call->options, &input);
	if (load_reckon(&input.statuses, call->options->bucket, &load))
		judge(&input, &load, &result);
	else
		(void)error_set(&result.error, ERROR_INTERNAL, "out of memory");
	if (!call->options->json)
		plan_report_text(stdout, &input, &load);
	if (result.error.kind != ERROR_NONE)
		console_print(call->console, "%s", result.error.message);
	*ret_report = report_json_head(call->options, &result);
	plan_report_json(*ret_report, &input, &load);
	load_clear(&load);
	host_status_clear(&input.statuses);
	return result_exit_status(&result, false);
}
