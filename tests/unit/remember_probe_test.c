#include "agent/identity/remember.h"

#include "tests/unit/remember_scene.h"

/* A daily probe that ended so, remembered. */
static void end_daily(struct host *host, enum error_kind kind, int64_t now)
{
	error_clear(&host->error);
	if (kind != ERROR_NONE)
		(void)error_set(&host->error, kind, "it said no");
	host->outcome.error = host->error;
	remember_daily_probe(&host->identity, &host->outcome, now, &host->reason, &host->error);
}

static void a_daily_probe_that_failed_holds_up_no_renewal(void **state)
{
	struct host *host = *state;
	const struct journal *journal = &host->identity.journal;

	end_daily(host, ERROR_NETWORK, NOW);
	assert_int_equal(host->error.kind, ERROR_NETWORK);
	assert_int_equal(journal->failures, 0);
	assert_int_equal(journal->next_attempt, 0);
	assert_int_equal(journal->last_error, ERROR_NETWORK);
	assert_int_equal(journal->last_error_at, NOW);
	assert_int_equal(journal->renewals[ERROR_NETWORK], 0);
	assert_int_equal(host->identity.gateway.probe_again, 0);
	end_daily(host, ERROR_NONE, NOW + 24 * HOUR);
	assert_int_equal(journal->last_error_at, 0);
	assert_int_equal(journal->last_run, NOW + 24 * HOUR);
}

static void a_daily_probe_that_was_refused_is_made_again_until_that_means_something(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;
	struct gateway *gateway = &host->identity.gateway;
	int64_t first;

	end_daily(host, ERROR_REJECTED, NOW);
	assert_int_equal(host->error.kind, ERROR_REJECTED);
	assert_int_equal(host->reason, REASON_REJECTED);
	assert_int_equal(journal->rejections, 1);
	assert_int_equal(journal->next_attempt, 0);
	first = gateway->probe_again - NOW;
	assert_in_range(first, MINUTE, 2 * MINUTE);
	end_daily(host, ERROR_REJECTED, NOW + 5 * MINUTE);
	assert_true(gateway->probe_again - NOW - 5 * MINUTE > first);
	end_daily(host, ERROR_REJECTED, NOW + 10 * MINUTE);
	assert_int_equal(host->error.kind, ERROR_REENROLL);
	assert_true(journal->reenroll);
	/* From here on it is as with a renewal that was refused. */
	assert_true(journal->failures == 1 && journal->next_attempt > NOW + 10 * MINUTE);
	assert_int_equal(gateway->probe_refusals, 0);
}

static void a_daily_probe_that_is_accepted_ends_the_count_of_refusals(void **state)
{
	struct host *host = *state;

	end_daily(host, ERROR_REJECTED, NOW);
	end_daily(host, ERROR_REJECTED, NOW + 5 * MINUTE);
	end_daily(host, ERROR_NONE, NOW + 9 * MINUTE);
	assert_int_equal(host->identity.journal.rejections, 0);
	assert_int_equal(host->identity.gateway.probe_refusals, 0);
	end_daily(host, ERROR_REJECTED, NOW + 10 * MINUTE);
	assert_false(host->identity.journal.reenroll);
}

static void an_identity_that_is_accepted_again_needs_no_token_and_one_that_is_not_waits_longer(
    void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;
	int64_t first;

	host->settings.rejected_after = 0;
	end_renewal(host, ERROR_REJECTED, NOW);
	first = journal->next_attempt - NOW;
	host->error = (struct error){ ERROR_REJECTED, "400" };
	remember_probe(&host->identity, &host->outcome, NOW, &host->reason, &host->error);
	assert_int_equal(host->error.kind, ERROR_REENROLL);
	assert_int_equal(journal->rejections, 2);
	assert_true(journal->next_attempt - NOW > first);
	error_clear(&host->error);
	remember_probe(&host->identity, &host->outcome, NOW, &host->reason, &host->error);
	assert_false(journal->reenroll);
	assert_int_equal(journal->rejections, 0);
	assert_int_equal(journal->next_attempt, 0);
	assert_int_equal(journal->last_success, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_HOST(a_daily_probe_that_failed_holds_up_no_renewal),
		ON_A_HOST(a_daily_probe_that_was_refused_is_made_again_until_that_means_something),
		ON_A_HOST(a_daily_probe_that_is_accepted_ends_the_count_of_refusals),
		ON_A_HOST(
		    an_identity_that_is_accepted_again_needs_no_token_and_one_that_is_not_waits_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
