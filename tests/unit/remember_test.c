#include "agent/identity/remember.h"

#include "agent/policy.h"
#include "base/text.h"
#include "tests/unit/remember_scene.h"

#include <string.h>

static void a_failure_starts_a_backoff_that_grows(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;
	int64_t first;

	end_renewal(host, ERROR_NETWORK, NOW);
	assert_int_equal(host->error.kind, ERROR_NETWORK);
	assert_int_equal(journal->failures, 1);
	assert_int_equal(journal->last_run, NOW);
	assert_int_equal(journal->last_error_at, NOW);
	assert_int_equal(journal->last_error, ERROR_NETWORK);
	assert_string_equal(journal->last_message, "it said no");
	first = journal->next_attempt - NOW;
	assert_true(first >= MINUTE);
	end_renewal(host, ERROR_NETWORK, NOW);
	assert_int_equal(journal->failures, 2);
	assert_true(journal->next_attempt - NOW > first);
}

static void renewals_are_counted_by_how_they_ended(void **state)
{
	struct host *host = *state;
	const struct journal *journal = &host->identity.journal;

	host->outcome.key_generation_milliseconds = 12;
	end_renewal(host, ERROR_NETWORK, NOW);
	end_renewal(host, ERROR_NETWORK, NOW);
	host->outcome.key_generation_milliseconds = -1;
	end_renewal(host, ERROR_NONE, NOW); /* debts were paid, nothing was renewed */
	assert_int_equal(journal->renewals[ERROR_NONE], 0);
	host->outcome.changed = true;
	end_renewal(host, ERROR_NONE, NOW);
	remember_enrolment(&host->identity, &host->outcome, NOW, &host->reason, &host->error);
	assert_int_equal(journal->renewals[ERROR_NONE], 2);
	assert_int_equal(journal->renewals[ERROR_NETWORK], 2);
	assert_int_equal(journal->key_generation_milliseconds, 12);
	/* What it has come to mean is what counts. */
	host->outcome.changed = false;
	host->outcome.alert_expired = true;
	end_renewal(host, ERROR_REJECTED, NOW);
	assert_int_equal(journal->renewals[ERROR_REJECTED], 0);
	assert_int_equal(journal->renewals[ERROR_REENROLL], 1);
	/* A question is no renewal. */
	remember_probe(&host->identity, &host->outcome, NOW, &host->reason, &host->error);
	assert_int_equal(journal->renewals[ERROR_REENROLL], 1);
}

static void a_spare_key_that_could_not_be_made_has_a_backoff_of_its_own(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;
	int64_t first;

	(void)error_set(&host->outcome.spare_error, ERROR_TOKEN, "the token is full");
	end_renewal(host, ERROR_NONE, NOW);
	assert_int_equal(journal->failures, 0);
	assert_int_equal(journal->next_attempt, 0);
	assert_int_equal(journal->spare_failures, 1);
	assert_string_equal(journal->spare_message, "the token is full");
	first = journal->spare_next_attempt - NOW;
	assert_true(first >= MINUTE / 2);
	end_renewal(host, ERROR_NONE, NOW);
	assert_true(journal->spare_next_attempt - NOW > first);

	/* A run that did not try says nothing about it. */
	error_clear(&host->outcome.spare_error);
	end_renewal(host, ERROR_NETWORK, NOW);
	assert_int_equal(journal->spare_failures, 2);
	host->outcome.spare_made = true;
	end_renewal(host, ERROR_NONE, NOW);
	assert_int_equal(journal->spare_failures, 0);
	assert_int_equal(journal->spare_next_attempt, 0);
	assert_string_equal(journal->spare_message, "");
	assert_int_equal(journal->last_success, 0);
}

static void a_wait_that_the_connector_asks_for_is_kept(void **state)
{
	struct host *host = *state;

	host->outcome.retry_after = 2 * HOUR;
	end_renewal(host, ERROR_NETWORK, NOW);
	assert_int_equal(host->identity.journal.next_attempt, NOW + 2 * HOUR);
}

static void where_a_person_has_to_act_there_is_no_backoff(void **state)
{
	static const enum error_kind kinds[] = { ERROR_PIN, ERROR_PERMISSION, ERROR_CONFIG,
		ERROR_REENROLL };
	struct host *host = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		end_renewal(host, kinds[i], NOW);
		assert_int_equal(host->identity.journal.failures, 0);
		assert_int_equal(host->identity.journal.next_attempt, 0);
		assert_int_equal(host->identity.journal.last_error, kinds[i]);
	}
}

static void a_success_clears_what_went_wrong_before(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;

	end_renewal(host, ERROR_REJECTED, NOW);
	host->outcome.changed = true;
	end_renewal(host, ERROR_NONE, NOW + HOUR);
	assert_int_equal(journal->failures, 0);
	assert_int_equal(journal->next_attempt, 0);
	assert_int_equal(journal->last_error_at, 0);
	assert_int_equal(journal->last_error, ERROR_NONE);
	assert_string_equal(journal->last_message, "");
	assert_int_equal(journal->rejections, 0);
	assert_int_equal(journal->last_run, NOW + HOUR);
	assert_int_equal(journal->last_success, NOW + HOUR);
}

static void what_signed_last_is_kept_by_a_run_without_a_signature(void **state)
{
	struct host *host = *state;

	assert_true(text_copy(host->outcome.signer, sizeof(host->outcome.signer), "engine"));
	end_renewal(host, ERROR_NONE, NOW);
	assert_string_equal(host->identity.journal.last_signer, "engine");
	host->outcome.signer[0] = '\0';
	end_renewal(host, ERROR_NETWORK, NOW + HOUR);
	assert_string_equal(host->identity.journal.last_signer, "engine");
}

/* Paying a debt does not show that the Connector accepts the identity. */
static void a_run_that_changed_nothing_does_not_clear_refusals(void **state)
{
	struct host *host = *state;

	end_renewal(host, ERROR_REJECTED, NOW);
	host->identity.journal.reenroll = true;
	end_renewal(host, ERROR_NONE, NOW + HOUR);
	assert_int_equal(host->identity.journal.rejections, 1);
	assert_true(host->identity.journal.reenroll);
	assert_int_equal(host->identity.journal.last_success, 0);
	/* Nor is it a reason to ask it more often. */
	assert_int_equal(host->identity.journal.failures, 1);
	assert_int_equal(host->identity.journal.last_error, ERROR_REJECTED);
}

static void refusals_call_for_a_token_when_there_are_three_over_some_time(void **state)
{
	struct host *host = *state;

	end_renewal(host, ERROR_REJECTED, NOW);
	assert_int_equal(host->error.kind, ERROR_REJECTED);
	assert_int_equal(host->reason, REASON_REJECTED);
	end_renewal(host, ERROR_REJECTED, NOW + MINUTE);
	end_renewal(host, ERROR_REJECTED, NOW + 10 * MINUTE - 1);
	assert_int_equal(host->error.kind, ERROR_REJECTED);
	assert_false(host->identity.journal.reenroll);
	end_renewal(host, ERROR_REJECTED, NOW + 10 * MINUTE);
	assert_int_equal(host->error.kind, ERROR_REENROLL);
	assert_int_equal(host->reason, REASON_REJECTED);
	assert_true(host->identity.journal.reenroll);
	/* It is tried again, but not soon. */
	assert_true(host->identity.journal.next_attempt > NOW + 10 * MINUTE);
}

static void two_refusals_are_never_enough(void **state)
{
	struct host *host = *state;

	end_renewal(host, ERROR_REJECTED, NOW);
	end_renewal(host, ERROR_REJECTED, NOW + 10 * HOUR);
	assert_int_equal(host->error.kind, ERROR_REJECTED);
}

static void one_refusal_is_enough_when_the_settings_say_so(void **state)
{
	struct host *host = *state;

	host->settings.rejected_after = 0;
	end_renewal(host, ERROR_REJECTED, NOW);
	assert_int_equal(host->error.kind, ERROR_REENROLL);
	assert_non_null(strstr(host->error.message, "refused this identity 1 time since"));
}

static void a_clock_that_went_back_starts_the_count_of_time_anew(void **state)
{
	struct host *host = *state;

	end_renewal(host, ERROR_REJECTED, NOW);
	end_renewal(host, ERROR_REJECTED, NOW - 10 * HOUR);
	assert_int_equal(host->identity.journal.rejected_since, NOW - 10 * HOUR);
	end_renewal(host, ERROR_REJECTED, NOW - 10 * HOUR + 10 * MINUTE);
	assert_int_equal(host->error.kind, ERROR_REENROLL);
}

static void what_the_connector_calls_expired_is_expired(void **state)
{
	struct host *host = *state;

	host->outcome.alert_expired = true;
	end_renewal(host, ERROR_REJECTED, NOW);
	assert_int_equal(host->error.kind, ERROR_REENROLL);
	assert_int_equal(host->reason, REASON_EXPIRED);
	assert_true(host->identity.journal.reenroll);
	assert_int_equal(host->identity.journal.rejections, 0);
}

static void what_is_said_about_a_new_certificate_is_not_about_the_active_one(void **state)
{
	struct host *host = *state;

	host->outcome.alert_expired = true;
	end_renewal(host, ERROR_UNPROVEN, NOW);
	assert_int_equal(host->error.kind, ERROR_UNPROVEN);
	assert_int_equal(host->reason, REASON_NONE);
	assert_false(host->identity.journal.reenroll);
}

static void our_own_clock_is_believed_only_when_the_connectors_agrees(void **state)
{
	struct host *host = *state;

	host->identity.not_after = NOW - 1;
	end_renewal(host, ERROR_REJECTED, NOW);
	assert_int_equal(host->reason, REASON_REJECTED);
	host->outcome.server_date = NOW - POLICY_CLOCK_AGREES - 1;
	end_renewal(host, ERROR_REJECTED, NOW);
	assert_int_equal(host->reason, REASON_REJECTED);
	host->outcome.server_date = NOW - POLICY_CLOCK_AGREES;
	end_renewal(host, ERROR_NETWORK, NOW);
	assert_int_equal(host->error.kind, ERROR_NETWORK);
	end_renewal(host, ERROR_REJECTED, NOW);
	assert_int_equal(host->error.kind, ERROR_REENROLL);
	assert_int_equal(host->reason, REASON_EXPIRED);
}

static void a_certificate_that_is_valid_is_not_expired(void **state)
{
	struct host *host = *state;

	host->outcome.server_date = NOW;
	host->identity.not_after = NOW;
	end_renewal(host, ERROR_REJECTED, NOW);
	assert_int_equal(host->reason, REASON_REJECTED);
}

static void a_latched_pin_and_a_wrong_clock_are_named(void **state)
{
	struct host *host = *state;

	end_renewal(host, ERROR_PIN, NOW);
	assert_int_equal(host->reason, REASON_NONE);
	host->outcome.latched = true;
	end_renewal(host, ERROR_PIN, NOW);
	assert_int_equal(host->reason, REASON_LATCHED);
	end_renewal(host, ERROR_CLOCK, NOW);
	assert_int_equal(host->reason, REASON_CLOCK);
}

/* Another certificate than the active one was at stake, and a person is at it. */
static void a_failed_enrolment_starts_no_backoff_and_counts_no_refusal(void **state)
{
	struct host *host = *state;
	const struct error refused = { ERROR_REJECTED, "400" };

	remember_enrolment(&host->identity, &host->outcome, NOW, &host->reason, &refused);
	assert_int_equal(host->identity.journal.failures, 0);
	assert_int_equal(host->identity.journal.next_attempt, 0);
	assert_int_equal(host->identity.journal.rejections, 0);
	assert_int_equal(host->identity.journal.last_error, ERROR_REJECTED);
	assert_string_equal(host->identity.journal.last_message, "400");
}

static void an_enrolment_ends_the_need_for_one(void **state)
{
	struct host *host = *state;
	const struct error fine = ERROR_INIT;

	end_renewal(host, ERROR_REJECTED, NOW);
	host->identity.journal.reenroll = true;
	host->outcome.changed = true;
	remember_enrolment(&host->identity, &host->outcome, NOW, &host->reason, &fine);
	assert_false(host->identity.journal.reenroll);
	assert_int_equal(host->identity.journal.rejections, 0);
	assert_int_equal(host->identity.journal.next_attempt, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_HOST(a_failure_starts_a_backoff_that_grows),
		ON_A_HOST(renewals_are_counted_by_how_they_ended),
		ON_A_HOST(a_spare_key_that_could_not_be_made_has_a_backoff_of_its_own),
		ON_A_HOST(a_wait_that_the_connector_asks_for_is_kept),
		ON_A_HOST(where_a_person_has_to_act_there_is_no_backoff),
		ON_A_HOST(a_success_clears_what_went_wrong_before),
		ON_A_HOST(what_signed_last_is_kept_by_a_run_without_a_signature),
		ON_A_HOST(a_run_that_changed_nothing_does_not_clear_refusals),
		ON_A_HOST(refusals_call_for_a_token_when_there_are_three_over_some_time),
		ON_A_HOST(two_refusals_are_never_enough),
		ON_A_HOST(one_refusal_is_enough_when_the_settings_say_so),
		ON_A_HOST(a_clock_that_went_back_starts_the_count_of_time_anew),
		ON_A_HOST(what_the_connector_calls_expired_is_expired),
		ON_A_HOST(what_is_said_about_a_new_certificate_is_not_about_the_active_one),
		ON_A_HOST(our_own_clock_is_believed_only_when_the_connectors_agrees),
		ON_A_HOST(a_certificate_that_is_valid_is_not_expired),
		ON_A_HOST(a_latched_pin_and_a_wrong_clock_are_named),
		ON_A_HOST(a_failed_enrolment_starts_no_backoff_and_counts_no_refusal),
		ON_A_HOST(an_enrolment_ends_the_need_for_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
