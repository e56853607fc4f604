#include "tests/unit/decision_scene.h"

int decision_set_up(void **state)
{
	struct host *host = calloc(1, sizeof(*host));

	assert_non_null(host);
	host->settings = (struct identity_settings){ .name = "orders", .clock_skew = 300 };
	host->identity = (struct identity){
		.settings = &host->settings,
		.lock = -1,
		.active_before = 3,
		.active = { .number = 3 },
		.not_before = NOW - 10 * HOUR,
		.not_after = NOW + 5 * HOUR,
		.schedule = { .due = NOW + HOUR },
	};
	journal_clear(&host->identity.journal);
	host->identity.journal.saved = NOW - HOUR;
	host->identity.journal.last_success = NOW - 10 * HOUR;
	host->wish = (struct wish){ .started = NOW - 5, .now = NOW };
	*state = host;
	return 0;
}

int decision_tear_down(void **state)
{
	free(*state);
	return 0;
}

void assert_decides_nothing(const struct host *host, enum reason reason)
{
	struct decision decision = decide_renew(&host->identity, &host->wish);

	if (decision.error.kind != ERROR_NONE)
		fail_msg("%s", decision.error.message);
	assert_false(decision.work);
	assert_string_equal(result_reason_name(decision.reason), result_reason_name(reason));
}

void assert_decides_work(const struct host *host, bool renew)
{
	struct decision decision = decide_renew(&host->identity, &host->wish);

	if (decision.error.kind != ERROR_NONE)
		fail_msg("%s", decision.error.message);
	assert_true(decision.work);
	assert_int_equal(decision.renew, renew);
}

void assert_decides_error(const struct host *host, enum error_kind kind, enum reason reason)
{
	struct decision decision = decide_renew(&host->identity, &host->wish);

	assert_false(decision.work);
	assert_string_equal(error_name(decision.error.kind), error_name(kind));
	assert_string_equal(result_reason_name(decision.reason), result_reason_name(reason));
}
