#include "agent/doctor/doctor.h"

#include "agent/call.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/supervisor/errand.h"
#include "agent/supervisor/supervisor.h"
#include "base/text.h"

static void (*const checks[CHECK_FIRST_OF_WORKER])(const struct doctor *, struct check *) = {
	[CHECK_CONFIGURATION] = doctor_configuration,
	[CHECK_STATE_DIRECTORY] = doctor_state_directory,
	[CHECK_STATE_SPACE] = doctor_state_space,
	[CHECK_STATE_FSYNC] = doctor_state_fsync,
	[CHECK_LOCK] = doctor_lock,
	[CHECK_JOURNAL] = doctor_journal,
	[CHECK_CERTIFICATE] = doctor_certificate,
	[CHECK_CREDENTIALS] = doctor_credentials,
	[CHECK_HOOKS] = doctor_hooks,
	[CHECK_METRICS] = doctor_metrics,
	[CHECK_ENROLLMENT_TOKEN] = doctor_enrollment_token,
};

static void check_own(const struct doctor *doctor, struct check_list *list)
{
	for (enum check_id id = 0; id < CHECK_FIRST_OF_WORKER; id++) {
		struct check check = { .id = id };

		if (check_may_run(list, &check))
			checks[id](doctor, &check);
		check_list_add(list, &check);
	}
}

static void skip_missing(enum check_id first, const char *reason, struct check_list *list)
{
	for (enum check_id id = first; id < CHECK_COUNT; id++) {
		struct check check = { .id = id };

		if (check_list_has(list, id))
			continue;
		check_set_skipped(&check, "%s", reason);
		check_list_add(list, &check);
	}
}

static const char *blame_cure(enum check_id id)
{
	if (id == CHECK_PIN_SOURCE)
		return "See what pin_command, or whoever writes to pin_fd, waits for.";
	if (id < CHECK_URL)
		return "See whether the token and the module's own daemon are well; a service that "
		       "hangs has to be started again.";
	return "See whether the network and the Connector are well.";
}

/* The worker was ended or died at the first check that it has not sent. */
static void blame(const struct error *reason, struct check_list *list)
{
	enum check_id id = CHECK_FIRST_OF_WORKER;
	struct check check;

	while (id < CHECK_COUNT && check_list_has(list, id))
		id++;
	if (id == CHECK_COUNT) /* at its end */
		return;
	check = (struct check){ .id = id };
	check_set_failed(&check, blame_cure(id), reason);
	check_list_add(list, &check);
	skip_missing(id, "the worker ended before", list);
}

static void check_by_worker(
    const struct call *call, struct identity *identity, struct result *result)
{
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	const struct errand errand = { .task = JOB_DOCTOR };
	struct error error = ERROR_INIT;
	bool done = errand_run(call, identity, &errand, result, &supervised, &error);

	for (size_t i = 0; i < supervised.checks.count; i++)
		check_list_add(&result->checks, &supervised.checks.items[i]);
	if (!done)
		blame(&error, &result->checks);
	skip_missing(CHECK_FIRST_OF_WORKER, "the worker did not come to it", &result->checks);
}

/* What stands highest in the order of exit statuses. */
static const struct check *find_worst(const struct check_list *list)
{
	const struct check *worst = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct check *each = &list->items[i];
		int status = error_exit_status(each->kind);

		if (each->result != CHECK_FAIL)
			continue;
		if (!worst
		    || (status != error_exit_status(worst->kind)
			&& result_worse_status(status, error_exit_status(worst->kind)) == status))
			worst = each;
	}
	return worst;
}

static void count_results(const struct check_list *list, char *target, size_t size)
{
	unsigned counts[CHECK_SKIPPED + 1] = { 0 };

	for (size_t i = 0; i < list->count; i++)
		counts[list->items[i].result]++;
	text_format(target, size, "%zu checks: %u ok, %u warnings, %u failed, %u skipped",
	    list->count, counts[CHECK_OK], counts[CHECK_WARN], counts[CHECK_FAIL],
	    counts[CHECK_SKIPPED]);
}

bool doctor_run(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	const struct doctor doctor = { call, identity->settings, identity };
	const struct check *worst;

	check_own(&doctor, &result->checks);
	check_by_worker(call, identity, result);
	count_results(&result->checks, result->message, sizeof(result->message));
	worst = find_worst(&result->checks);
	if (!worst)
		return true;
	return error_set(error, worst->kind, "%s: the worst is %s: %s", result->message,
	    check_name(worst->id), worst->message);
}

void doctor_refuse(const struct error *reason, struct result *result)
{
	struct check check = { .id = CHECK_CONFIGURATION };

	check_set_failed(&check, "Mend the configuration: see renewal-agent.conf(5).", reason);
	check_list_add(&result->checks, &check);
	skip_missing(CHECK_CONFIGURATION, "needs configuration, which failed", &result->checks);
	count_results(&result->checks, result->message, sizeof(result->message));
}
