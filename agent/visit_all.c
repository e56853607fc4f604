#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/config/config.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/report/report.h"
#include "agent/supervisor/worker_share.h"
#include "agent/visit.h"
#include "base/json.h"
#include "base/scoped.h"

/* What has come of each identity. */
struct visited {
	int status;
	bool lacks_spare;
	cJSON *report; /* owned */
};

DEFINE_SCOPED(visited, struct visited *, free)

/* We were told to end before it was come to: nothing of it is begun. */
static int pass_over(
    const struct call *call, const struct identity_settings *settings, cJSON **ret_report)
{
	scoped(result) struct result result = result_new();

	(void)error_set(&result.error, ERROR_STATE,
	    "not come to: the run was interrupted at another identity; the next one begins here");
	console_enter(call->console, settings->name);
	visit_tell(call, &result);
	console_enter(call->console, NULL);
	*ret_report = report_json(call->options, settings, NULL, &result);
	return result_exit_status(&result, call->options->detailed_exitcode);
}

static void visit_each(
    const struct call *call, const struct config *config, struct visited *visited)
{
	for (size_t i = 0; i < config->count; i++) {
		const struct identity_settings *settings = &config->identities[i];
		scoped(result) struct result result = result_new();

		if (call->workers->told_to_end) {
			visited[i].status = pass_over(call, settings, &visited[i].report);
			continue;
		}
		visited[i].status = visit_for(call, settings, &result, &visited[i].report);
		visited[i].lacks_spare = result.lacks_spare;
	}
}

static void add_numbers(cJSON *sum, const cJSON *summands)
{
	const cJSON *each;

	cJSON_ArrayForEach (each, summands) {
		cJSON *member = cJSON_GetObjectItemCaseSensitive(sum, each->string);

		if (cJSON_IsNumber(member) && cJSON_IsNumber(each))
			cJSON_SetNumberValue(member, member->valuedouble + each->valuedouble);
		else if (cJSON_IsNumber(each))
			(void)cJSON_ReplaceItemInObjectCaseSensitive(
			    sum, each->string, cJSON_Duplicate(each, false));
	}
}

/* A renewal is what is reported, and that its spare key took time too; else the spare key is. */
static void join(struct visited *visited, int status, cJSON *later)
{
	scoped(cJSON) cJSON *other = later; /* the one that is not kept */

	if (!json_boolean(later, "changed", false))
		return;
	if (json_boolean(visited->report, "changed", false)) {
		add_numbers(cJSON_GetObjectItemCaseSensitive(visited->report, "timings_ms"),
		    json_member(later, "timings_ms"));
		return;
	}
	visited->status = status;
	other = visited->report;
	visited->report = later;
}

/* As a run of its own for each, under the lock: another run may have made it meanwhile. One that
   fails has been told, and says nothing about the identity. */
static void make_spares(
    const struct call *call, const struct config *config, struct visited *visited)
{
	struct options options = *call->options;
	struct call last = *call;

	options.force = false;
	last.options = &options;
	last.spares_later = false;
	for (size_t i = 0; i < config->count && !call->workers->told_to_end; i++) {
		cJSON *report = NULL;
		int status;

		if (!visited[i].lacks_spare)
			continue;
		status = visit(&last, &config->identities[i], &report);
		join(&visited[i], status, report);
	}
}

int visit_all(const struct call *call, const struct config *config, cJSON **ret_report)
{
	scoped(visited) struct visited *visited = calloc(config->count, sizeof(*visited));
	scoped(worker_share) struct worker_share workers = { .count = 0 };
	cJSON *identities = cJSON_CreateArray();
	struct call shared = *call;
	int status = 0;

	if (!visited)
		abort();
	shared.workers = &workers;
	shared.spares_later = true;
	visit_each(&shared, config, visited);
	make_spares(&shared, config, visited);
	for (size_t i = 0; i < config->count; i++) {
		status = i == 0 ? visited[i].status
				: result_worse_status(status, visited[i].status);
		(void)cJSON_AddItemToArray(identities, visited[i].report);
	}
	*ret_report = report_json_all(call->options, identities, status);
	return status;
}
