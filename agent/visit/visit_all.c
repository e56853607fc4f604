#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/config/config.h"
#include "agent/identity/result.h"
#include "agent/metrics/metrics.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/report/report.h"
#include "agent/supervisor/ending_signals.h"
#include "agent/supervisor/worker_share.h"
#include "agent/visit/visit.h"
#include "base/json.h"
#include "base/scoped.h"

/* What has come of each identity. */
struct visited {
	int status;
	bool changed;
	bool lacks_spare;
	cJSON *report; /* owned; NULL when none was asked for */
};

DEFINE_SCOPED(visited, struct visited *, free)

/* By a signal to us, or one that waits for the daemon. */
static bool is_to_end(const struct call *call)
{
	return call->workers->told_to_end || ending_signals_are_waiting();
}

/* We were told to end before it was come to: nothing of it is begun. */
static struct visited pass_over(const struct call *call, const struct identity_settings *settings)
{
	scoped(result) struct result result = result_new();
	struct visited visited = { .report = NULL };

	(void)error_set(&result.error, ERROR_STATE,
	    "not come to: the run was interrupted at another identity; the next run does it");
	if (call->options->json)
		visited.report = report_json(call->options, settings, NULL, &result);
	visited.status = result_exit_status(&result, call->options->detailed_exitcode);
	return visited;
}

static struct visited visit_one(const struct call *call, const struct identity_settings *settings)
{
	scoped(result) struct result result = result_new();
	struct visited visited = { .report = NULL };

	if (is_to_end(call))
		return pass_over(call, settings);
	visited.status = visit_for(call, settings, &result, &visited.report);
	visited.changed = result.changed;
	visited.lacks_spare = result.lacks_spare;
	return visited;
}

static void add_numbers(cJSON *sum, const cJSON *summands)
{
	const cJSON *each;

	cJSON_ArrayForEach (each, summands) {
		cJSON *member = cJSON_GetObjectItemCaseSensitive(sum, each->string);

		if (member && cJSON_IsNumber(member) && cJSON_IsNumber(each))
			cJSON_SetNumberValue(member, member->valuedouble + each->valuedouble);
		else if (cJSON_IsNumber(each))
			(void)cJSON_ReplaceItemInObjectCaseSensitive(
			    sum, each->string, cJSON_Duplicate(each, false));
	}
}

/* A renewal is what is reported, and that its spare key took time too; else the spare key is. One
   that could not be made has been told, and says nothing about the identity. Takes `later`. */
static void join(struct visited *visited, const struct visited *later)
{
	scoped(cJSON) cJSON *dropped = later->report;

	if (!later->changed)
		return;
	if (visited->changed) {
		add_numbers(cJSON_GetObjectItemCaseSensitive(visited->report, "timings_ms"),
		    json_member(later->report, "timings_ms"));
		return;
	}
	dropped = visited->report;
	*visited = *later;
}

/* Each as a run of its own, under the lock: another run may have made it meanwhile. */
static void make_spares(
    const struct call *call, const struct config *config, struct visited *visited)
{
	struct options options = *call->options;
	struct call last = *call;

	options.force = false;
	last.options = &options;
	last.spares_later = false;
	for (size_t i = 0; i < config->count && !is_to_end(call); i++) {
		struct visited later;

		if (!visited[i].lacks_spare)
			continue;
		later = visit_one(&last, &config->identities[i]);
		join(&visited[i], &later);
	}
}

static cJSON *join_reports(
    const struct call *call, const struct visited *visited, size_t count, int status)
{
	cJSON *identities;

	if (!call->options->json)
		return NULL;
	identities = cJSON_CreateArray();
	for (size_t i = 0; i < count; i++)
		(void)cJSON_AddItemToArray(identities, visited[i].report);
	return report_json_all(call->options, identities, status);
}

int visit_all(const struct call *call, const struct config *config, cJSON **ret_report)
{
	scoped(visited) struct visited *visited = calloc(config->count, sizeof(*visited));
	scoped(worker_share) struct worker_share workers = { .count = 0 };
	struct call shared = *call;
	int status = 0;

	if (!visited)
		abort();
	shared.workers = &workers;
	shared.spares_later = true;
	for (size_t i = 0; i < config->count; i++)
		visited[i] = visit_one(&shared, &config->identities[i]);
	make_spares(&shared, config, visited);
	for (size_t i = 0; i < config->count; i++)
		status =
		    i == 0 ? visited[i].status : result_worse_status(status, visited[i].status);
	*ret_report = join_reports(call, visited, config->count, status);
	return status;
}

static struct metrics *open_metrics(const struct call *call, const struct config *config)
{
	struct metrics *metrics = NULL;
	struct error error = ERROR_INIT;

	if (call->options->command->access == COMMAND_WRITES
	    && !metrics_open(config, &metrics, &error))
		console_print(call->console, "%s", error.message);
	return metrics;
}

static void write_metrics(const struct call *call, struct metrics *metrics)
{
	struct error error = ERROR_INIT;

	if (!metrics_write(metrics, &error))
		console_print(call->console, "%s", error.message);
}

int visit_configured(const struct call *call, const struct config *config,
    const struct identity_settings *settings, cJSON **ret_report)
{
	scoped(metrics) struct metrics *metrics = NULL;
	struct call observed = *call;
	int status;

	if (!settings)
		return visit_chosen(call, config, config, ret_report);
	metrics = open_metrics(call, config);
	observed.metrics = metrics;
	status = visit(&observed, settings, ret_report);
	write_metrics(call, metrics);
	return status;
}

int visit_chosen(const struct call *call, const struct config *config, const struct config *chosen,
    cJSON **ret_report)
{
	scoped(metrics) struct metrics *metrics = open_metrics(call, config);
	struct call observed = *call;
	int status;

	observed.metrics = metrics;
	status = visit_all(&observed, chosen, ret_report);
	write_metrics(call, metrics);
	return status;
}
