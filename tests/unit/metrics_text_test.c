#include "agent/metrics/metrics_text.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"

#include <string.h>

#define NOW AUTHORITY_NOW

static struct metrics_sample sample(void)
{
	struct metrics_sample sample = {
		.known = true,
		.readable = true,
		.generation = 3,
		.not_before = NOW,
		.not_after = NOW + 90,
		.chain_end = NOW + 80,
		.due = NOW + 60,
	};

	memset(sample.sha256, 'a', sizeof(sample.sha256) - 1);
	memset(sample.issuer_sha256, 'b', sizeof(sample.issuer_sha256) - 1);
	assert_true(text_copy(sample.subject, sizeof(sample.subject), "CN=orders"));
	return sample;
}

static char *print(const struct metrics_sample *of)
{
	const struct metrics_row row = { "orders", NOW - 5, of };
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	metrics_text_print(stream, &row, 1, NOW);
	assert_int_equal(fclose(stream), 0);
	return text;
}

static void assert_says(const struct metrics_sample *of, const char *line)
{
	scoped(char) char *text = print(of);
	char whole[512];

	assert_true(text_format(whole, sizeof(whole), "\n%s\n", line));
	if (!strstr(text, whole))
		fail_msg("%s does not say %s", text, line);
}

static void assert_silent(const struct metrics_sample *of, const char *part)
{
	scoped(char) char *text = print(of);

	if (strstr(text, part))
		fail_msg("%s says %s", text, part);
}

static void moments_are_seconds_and_what_is_absent_has_no_line(void **state)
{
	struct metrics_sample of = sample();
	char line[128];

	(void)state;
	assert_true(text_format(line, sizeof(line),
	    "renewal_agent_certificate_expiry_timestamp_seconds{identity=\"orders\"} %lld",
	    (long long)NOW + 90));
	assert_says(&of, line);
	assert_silent(&of, "renewal_agent_last_run_timestamp_seconds{");
	assert_silent(&of, "renewal_agent_last_result{");
	assert_silent(&of, "renewal_agent_key_generation_seconds{");
	assert_silent(&of, "renewal_agent_next_attempt_timestamp_seconds{");
	assert_silent(&of, "renewal_agent_audit_head_info{");
	assert_silent(&of, "renewal_agent_last_probe_timestamp_seconds{");
	assert_silent(&of, "renewal_agent_server_certificate_expiry_timestamp_seconds{");
	assert_silent(&of, "renewal_agent_issuer_missing_since_timestamp_seconds{");
	assert_silent(&of, "renewal_agent_clock_ahead_seconds{");
	of.has_clock_ahead = true;
	of.clock_ahead = -5;
	assert_says(&of, "renewal_agent_clock_ahead_seconds{identity=\"orders\"} -5");
	of.last_probe = 7;
	assert_says(&of, "renewal_agent_last_probe_timestamp_seconds{identity=\"orders\"} 7");
	of.key_generation_milliseconds = 61007;
	assert_says(&of, "renewal_agent_key_generation_seconds{identity=\"orders\"} 61.007");
}

static void what_a_label_may_not_hold_is_escaped(void **state)
{
	struct metrics_sample of = sample();
	scoped(char) char *text = NULL;

	(void)state;
	assert_true(text_copy(of.subject, sizeof(of.subject), "CN=a\"b\\c\nd"));
	text = print(&of);
	assert_non_null(strstr(text, ",subject=\"CN=a\\\"b\\\\c\\nd\"} 1\n"));
}

static void kinds_of_one_class_are_counted_together(void **state)
{
	struct metrics_sample of = sample();

	(void)state;
	of.last_run = NOW;
	of.last_error = ERROR_CAPACITY;
	of.renewals[ERROR_NONE] = 7;
	of.renewals[ERROR_TOKEN] = UINT32_MAX;
	of.renewals[ERROR_SESSION] = 2;
	of.renewals[ERROR_CAPACITY] = 3;
	of.renewals[ERROR_NETWORK] = 1;
	assert_says(&of, "renewal_agent_renewals_total{identity=\"orders\",result=\"ok\"} 7");
	assert_says(
	    &of, "renewal_agent_renewals_total{identity=\"orders\",result=\"token\"} 4294967300");
	assert_says(&of, "renewal_agent_renewals_total{identity=\"orders\",result=\"network\"} 1");
	assert_says(&of, "renewal_agent_last_result{identity=\"orders\",class=\"token\"} 1");
	assert_silent(&of, "result=\"pin\"");
	assert_silent(&of, "result=\"none\"");
}

static void success_is_counted_from_the_beginning(void **state)
{
	const struct metrics_sample of = sample();

	(void)state;
	assert_says(&of, "renewal_agent_renewals_total{identity=\"orders\",result=\"ok\"} 0");
}

static void of_an_identity_that_cannot_be_read_little_is_said(void **state)
{
	struct metrics_sample of = sample();

	(void)state;
	of.readable = false;
	assert_says(&of, "renewal_agent_identity_readable{identity=\"orders\"} 0");
	assert_silent(&of, "renewal_agent_failures{");
	assert_silent(&of, "renewal_agent_certificate_info{");
	assert_silent(&of, "renewal_agent_reenrolment_needed{");
}

static void an_identity_without_a_certificate_has_none_to_describe(void **state)
{
	const struct metrics_sample of = { .known = true, .readable = true, .reenroll = true };

	(void)state;
	assert_says(&of, "renewal_agent_reenrolment_needed{identity=\"orders\"} 1");
	assert_silent(&of, "renewal_agent_certificate_info{");
	assert_silent(&of, "renewal_agent_renewal_due_timestamp_seconds{");
}

static void the_audit_head_and_debts_are_told(void **state)
{
	struct metrics_sample of = sample();

	(void)state;
	of.audit.count = 12;
	memset(of.audit.sha256, 'c', sizeof(of.audit.sha256) - 1);
	of.debts[DEBT_REVOKE] = 2;
	assert_says(&of, "renewal_agent_audit_events{identity=\"orders\"} 12");
	assert_says(&of, "renewal_agent_audit_head_info{identity=\"orders\",sha256=\""
			 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\"} 1");
	assert_says(&of, "renewal_agent_debts{identity=\"orders\",kind=\"revoke\"} 2");
	assert_says(&of, "renewal_agent_debts{identity=\"orders\",kind=\"destroy_key\"} 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_seconds_and_what_is_absent_has_no_line),
		cmocka_unit_test(what_a_label_may_not_hold_is_escaped),
		cmocka_unit_test(kinds_of_one_class_are_counted_together),
		cmocka_unit_test(success_is_counted_from_the_beginning),
		cmocka_unit_test(of_an_identity_that_cannot_be_read_little_is_said),
		cmocka_unit_test(an_identity_without_a_certificate_has_none_to_describe),
		cmocka_unit_test(the_audit_head_and_debts_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
