#include "agent/report/report.h"

#include "agent/commands/commands.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/unit/report_scene.h"

#include <string.h>

#define HEAD "schema_version command identity run_id changed failed msg reason exit_status error"
#define BODY                                                                                       \
	" certificate next_renewal next_attempt connector_url director_url signer timings_ms "     \
	"hooks"

static void the_report_has_exactly_the_members_that_are_promised(void **state)
{
	struct host *host = *state;
	scoped(cJSON) cJSON *status = report_of(host);
	scoped(cJSON) cJSON *renew = NULL;
	scoped(cJSON) cJSON *keys = NULL;

	assert_members(
	    status, HEAD BODY " state last_run last_error spare_key gateway debts generations audit_head");
	assert_members(json_member(status, "certificate"),
	    "sha256 subject issuer issuer_sha256 distrusted previous_issuer_sha256 "
	    "previous_issuer_same_key not_before not_after key_uri key_bits");
	assert_members(json_member(status, "timings_ms"), "key_generation total");
	host->options.command = command_find("renew");
	renew = report_of(host);
	assert_members(renew, HEAD BODY);
	host->options.command = command_find("keys");
	keys = report_of(host);
	assert_members(keys, HEAD BODY " keys");
}

static void the_certificate_is_described(void **state)
{
	scoped(cJSON) cJSON *report = report_of(*state);
	const cJSON *certificate = json_member(report, "certificate");
	int64_t bits = 0;

	assert_int_equal(strlen(json_string(certificate, "sha256")), 64);
	assert_int_equal(strlen(json_string(certificate, "issuer_sha256")), 64);
	assert_string_not_equal(
	    json_string(certificate, "sha256"), json_string(certificate, "issuer_sha256"));
	assert_non_null(strstr(json_string(certificate, "subject"), "CN=4f1c"));
	assert_string_equal(json_string(certificate, "issuer"), "CN=Kyma");
	assert_string_equal(json_string(certificate, "not_after"), "2027-03-16T08:00:00Z");
	assert_non_null(strstr(json_string(certificate, "key_uri"), "pkcs11:token=fleet"));
	assert_true(json_integer(certificate, "key_bits", &bits));
	assert_int_equal(bits, 2048);
	assert_string_equal(json_string(report, "next_renewal"), "2027-02-14T08:00:00Z");
	assert_string_equal(
	    json_string(report, "connector_url"), "https://connector.example.com/graphql");
	assert_string_equal(
	    json_string(report, "director_url"), "https://director.example.com/graphql");
}

static void a_failure_stands_in_the_report_with_class_and_retry(void **state)
{
	struct host *host = *state;
	scoped(cJSON) cJSON *report = NULL;
	const cJSON *error;

	(void)error_set(&host->result.error, ERROR_NETWORK, "nobody answers");
	host->result.reason = REASON_REJECTED;
	report = report_of(host);
	error = json_member(report, "error");
	assert_true(json_boolean(report, "failed", false));
	assert_string_equal(json_string(report, "msg"), "nobody answers");
	assert_string_equal(json_string(report, "reason"), "rejected");
	assert_string_equal(json_string(error, "class"), "network");
	assert_string_equal(json_string(error, "message"), "nobody answers");
	assert_true(json_boolean(error, "retry", false));
}

static void what_is_not_known_is_null(void **state)
{
	struct host *host = *state;
	scoped(cJSON) cJSON *report =
	    report_json(&host->options, &host->settings, NULL, &host->result);
	scoped(cJSON) cJSON *nobody = NULL;

	assert_null(json_member(report, "certificate"));
	assert_null(json_member(report, "next_renewal"));
	assert_null(json_member(report, "signer"));
	assert_null(json_member(report, "state"));
	assert_null(json_member(json_member(report, "timings_ms"), "key_generation"));
	host->options.command = NULL;
	nobody = report_json(&host->options, NULL, NULL, &host->result);
	assert_members(nobody, HEAD BODY);
	assert_null(json_member(nobody, "command"));
	assert_null(json_member(nobody, "identity"));
}

static void debts_and_the_last_error_stand_in_the_status(void **state)
{
	struct host *host = *state;
	struct error error = ERROR_INIT;
	scoped(cJSON) cJSON *report = NULL;
	const cJSON *debt;

	assert_ok(
	    debts_add(&host->identity.debts, DEBT_REVOKE, 2, NULL, NULL, NOW, &error), &error);
	assert_ok(
	    debts_add_hook(&host->identity.debts, HOOK_FAILED, 3, "", NULL, NOW, &error), &error);
	host->identity.journal.last_error_at = NOW - 60;
	host->identity.journal.last_error = ERROR_TOKEN;
	(void)!text_copy(host->identity.journal.last_message,
	    sizeof(host->identity.journal.last_message), "no token matches");
	report = report_of(host);
	debt = cJSON_GetArrayItem(json_member(report, "debts"), 0);
	assert_members(debt, "kind generation key_id event since attempts next_attempt last_error");
	assert_string_equal(json_string(debt, "kind"), "revoke");
	assert_null(json_string(debt, "event"));
	debt = cJSON_GetArrayItem(json_member(report, "debts"), 1);
	assert_string_equal(json_string(debt, "kind"), "hook");
	assert_string_equal(json_string(debt, "event"), "failed");
	assert_members(json_member(report, "last_error"), "time class message");
	assert_string_equal(json_string(json_member(report, "last_error"), "class"), "token");
}

static void several_identities_stand_under_one_head(void **state)
{
	struct host *host = *state;
	cJSON *identities = cJSON_CreateArray();
	scoped(cJSON) cJSON *report = NULL;

	cJSON_AddItemToArray(identities, report_of(host));
	(void)error_set(&host->result.error, ERROR_TOKEN, "no token");
	cJSON_AddItemToArray(identities, report_of(host));
	report = report_json_all(&host->options, identities, 69);
	assert_members(report,
	    "schema_version command identity changed failed msg reason exit_status error "
	    "identities");
	assert_false(json_boolean(report, "changed", true));
	assert_true(json_boolean(report, "failed", false));
	assert_string_equal(json_string(report, "msg"), "2 identities: 0 changed, 1 failed");
	assert_int_equal(cJSON_GetArraySize(json_member(report, "identities")), 2);
}

static void one_identity_is_not_called_identities(void **state)
{
	struct host *host = *state;
	cJSON *identities = cJSON_CreateArray();
	scoped(cJSON) cJSON *report = NULL;

	cJSON_AddItemToArray(identities, report_of(host));
	report = report_json_all(&host->options, identities, 0);
	assert_string_equal(json_string(report, "msg"), "1 identity: 0 changed, 0 failed");
}

static void the_state_says_what_is_to_be_done(void **state)
{
	struct host *host = *state;
	struct identity *identity = &host->identity;

	assert_string_equal(report_state(identity, NOW), "ok");
	assert_string_equal(report_state(identity, identity->schedule.due), "due");
	assert_string_equal(report_state(identity, identity->not_after), "due");
	assert_string_equal(report_state(identity, identity->not_after + 1), "re-enrolment-needed");
	identity->journal.phase = PHASE_KEYED;
	assert_string_equal(report_state(identity, NOW), "renewing");
	identity->journal.reenroll = true;
	assert_string_equal(report_state(identity, NOW), "re-enrolment-needed");
	identity->journal.reenroll = false;
	identity->active.revoked = true;
	assert_string_equal(report_state(identity, NOW), "re-enrolment-needed");
	identity->active.number = 0;
	assert_string_equal(report_state(identity, NOW), "none");
	identity->active.number = 3;
}

static void people_see_what_matters(void **state)
{
	struct host *host = *state;
	scoped(char) char *text = shown_by(report_status, host);

	assert_shows(text, "orders: ok\n");
	assert_shows(text, "  issuer         CN=Kyma\n");
	assert_shows(text, "  valid until    2027-03-16T08:00:00Z, in 60 d\n");
	assert_shows(text, "  next renewal   2027-02-14T08:00:00Z, in 30 d\n");
	assert_shows(text, "  generation     3\n");
	assert_shows(text, "  last run       2027-01-15T07:59:00Z, 1 min ago: ok\n");
	assert_null(strstr(text, "under way"));
	assert_null(strstr(text, "owed"));
}

static void people_see_what_is_wrong(void **state)
{
	struct host *host = *state;
	struct error error = ERROR_INIT;
	scoped(char) char *text = NULL;

	host->identity.not_after = NOW - AUTHORITY_DAY;
	host->identity.active.revoked = true;
	host->identity.schedule.limited_by_ca = true;
	host->identity.journal_damaged = true;
	host->identity.journal.phase = PHASE_KEYED;
	host->identity.journal.generation = 4;
	host->identity.journal.last_error_at = NOW - 60;
	host->identity.journal.next_attempt = NOW + 90;
	(void)!text_copy(host->identity.journal.last_message,
	    sizeof(host->identity.journal.last_message), "no token matches");
	assert_ok(
	    debts_add(&host->identity.debts, DEBT_DESTROY_KEY, 1, "0a", NULL, NOW, &error), &error);
	assert_ok(debts_add(&host->identity.debts, DEBT_STORE, 3, NULL, NULL, NOW, &error), &error);
	assert_ok(
	    debts_add_hook(&host->identity.debts, HOOK_RENEWED, 3, "", NULL, NOW, &error), &error);
	text = shown_by(report_status, host);
	assert_shows(text, "orders: re-enrolment-needed\n");
	assert_shows(text, ", 1 d ago: EXPIRED\n");
	assert_shows(text, "  generation     3, REVOKED\n");
	assert_shows(text, "(the CA ends before, and came again)");
	assert_shows(
	    text, "  under way      generation 4 has come to KEYED; the next run goes on\n");
	assert_shows(text, "ago: failed\n  last error     no token matches\n");
	assert_shows(text, "  next attempt   2027-01-15T08:01:30Z, in 1 min 30 s\n");
	assert_shows(text, "  journal        damaged");
	assert_shows(text, "  still owed     destroy the key of generation 1\n");
	assert_shows(text, "store in the token the certificate of generation 3\n");
	assert_shows(text, "hook renewed\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_HOST(one_identity_is_not_called_identities),
		ON_A_HOST(the_report_has_exactly_the_members_that_are_promised),
		ON_A_HOST(the_certificate_is_described),
		ON_A_HOST(a_failure_stands_in_the_report_with_class_and_retry),
		ON_A_HOST(what_is_not_known_is_null),
		ON_A_HOST(debts_and_the_last_error_stand_in_the_status),
		ON_A_HOST(several_identities_stand_under_one_head),
		ON_A_HOST(the_state_says_what_is_to_be_done),
		ON_A_HOST(people_see_what_matters),
		ON_A_HOST(people_see_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
