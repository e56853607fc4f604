#include "agent/identity/result.h"

#define EXIT_UNCHANGED 10
#define EXIT_HOOK_FAILED 11

static const char *const reason_names[] = {
	[REASON_NONE] = "none",
	[REASON_NOT_DUE] = "not_due",
	[REASON_WINDOW] = "window",
	[REASON_BACKOFF] = "backoff",
	[REASON_RENEWED] = "renewed",
	[REASON_RESUMED] = "resumed",
	[REASON_RENEWED_MEANWHILE] = "renewed_meanwhile",
	[REASON_PROBED] = "probed",
	[REASON_SPARE_MADE] = "spare_made",
	[REASON_DRY_RUN] = "dry_run",
	[REASON_LATCHED] = "latched",
	[REASON_CLOCK] = "clock",
	[REASON_LIMITED_BY_CA] = "limited_by_ca",
	[REASON_REJECTED] = "rejected",
	[REASON_EXPIRED] = "expired",
};

_Static_assert(ARRAY_LENGTH(reason_names) == REASON_COUNT, "every reason has its name");

struct result result_new(void)
{
	return (struct result){ .key_generation_milliseconds = -1 };
}

void result_clear(struct result *result)
{
	cJSON_Delete(result->keys);
	result->keys = NULL;
	cJSON_Delete(result->audit);
	result->audit = NULL;
	check_list_clear(&result->checks);
}

bool result_hook_failed(const struct result *result)
{
	for (size_t i = 0; i < ARRAY_LENGTH(result->hooks); i++)
		if (result->hooks[i].ran && result->hooks[i].error[0])
			return true;
	return false;
}

int result_exit_status(const struct result *result, bool detailed)
{
	if (result->error.kind != ERROR_NONE)
		return error_exit_status(result->error.kind);
	if (result_hook_failed(result))
		return EXIT_HOOK_FAILED;
	return detailed && !result->changed ? EXIT_UNCHANGED : 0;
}

/* 0 comes before 10: with several identities 10 means that none was changed. */
int result_worse_status(int a, int b)
{
	static const int order[] = { 70, 77, 78, 69, 20, 76, 75, EXIT_HOOK_FAILED, 0,
		EXIT_UNCHANGED };

	for (size_t i = 0; i < ARRAY_LENGTH(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a != 0 ? a : b;
}

const char *result_reason_name(enum reason reason)
{
	return reason_names[reason];
}
