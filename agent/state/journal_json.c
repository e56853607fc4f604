#include "agent/state/journal_json.h"

#include "agent/state/journal.h"
#include "base/error.h"
#include "base/json.h"
#include "base/record.h"
#include "base/text.h"

#include <string.h>

#define KEY_BITS_MAX 65536
#define KEY_GENERATION_MOST INT64_C(1000000000000)

static void format_renewal(cJSON *object, const struct journal *journal)
{
	json_add_boolean(object, "enrolment", journal->enrolment);
	json_add_boolean(object, "spare", journal->spare);
	json_add_boolean(object, "existing", journal->existing);
	json_add_boolean(object, "revoke_old", journal->revoke_old);
	json_add_boolean(object, "destroy_old", journal->destroy_old);
	json_add_integer(object, "generation", journal->generation);
	record_add_text(object, "key_id", journal->key_id);
	record_add_text(object, "key_label", journal->key_label);
	record_add_text(object, "key_token", journal->key_token);
	json_add_integer(object, "key_bits", journal->key_bits);
	json_add_boolean(object, "generating", journal->generating);
	json_add_integer(object, "nameless_before", journal->nameless_before);
	record_add_time(object, "keyed", journal->keyed);
	record_add_time(object, "probe_refused", journal->probe_refused);
	record_add_text(object, "director_url", journal->director_url);
	record_add_text(object, "connector_url", journal->connector_url);
	record_add_text(object, "request_id", journal->request_id);
}

/* Those that there were. */
static void format_renewals(cJSON *object, const struct journal *journal)
{
	cJSON *renewals = json_add_object(object, "renewals");

	for (int kind = 0; kind < ERROR_KIND_COUNT; kind++)
		if (journal->renewals[kind] != 0)
			json_add_integer(
			    renewals, error_name((enum error_kind)kind), journal->renewals[kind]);
}

static void format_spent_tokens(cJSON *object, const struct journal *journal)
{
	cJSON *tokens = json_add_array(object, "spent_tokens");

	for (size_t i = 0; i < JOURNAL_SPENT_TOKENS && journal->spent_tokens[i][0]; i++)
		cJSON_AddItemToArray(tokens, cJSON_CreateString(journal->spent_tokens[i]));
}

cJSON *journal_json_format(const struct journal *journal)
{
	cJSON *object = record_new();

	json_add_string(object, "phase", journal_phase_name(journal->phase));
	record_add_time(object, "entered", journal->entered);
	record_add_time(object, "saved", journal->saved);
	if (journal->phase != PHASE_IDLE)
		format_renewal(json_add_object(object, "renewal"), journal);
	json_add_integer(object, "last_generation", journal->last_generation);
	json_add_integer(object, "failures", journal->failures);
	record_add_time(object, "next_attempt", journal->next_attempt);
	json_add_integer(object, "rejections", journal->rejections);
	record_add_time(object, "rejected_since", journal->rejected_since);
	json_add_boolean(object, "reenroll", journal->reenroll);
	json_add_integer(object, "spare_failures", journal->spare_failures);
	record_add_time(object, "spare_next_attempt", journal->spare_next_attempt);
	record_add_text(object, "spare_message", journal->spare_message);
	json_add_integer(object, "certificates", journal->certificates);
	record_add_time(object, "certificates_since", journal->certificates_since);
	record_add_time(object, "last_run", journal->last_run);
	record_add_time(object, "last_success", journal->last_success);
	record_add_text(object, "last_signer", journal->last_signer);
	record_add_time(object, "last_error_at", journal->last_error_at);
	json_add_string(object, "last_error", error_name(journal->last_error));
	record_add_text(object, "last_message", journal->last_message);
	format_renewals(object, journal);
	json_add_integer(
	    object, "key_generation_milliseconds", journal->key_generation_milliseconds);
	format_spent_tokens(object, journal);
	return object;
}

static enum phase parse_phase(struct record *record)
{
	const char *name = json_string(record->object, "phase");

	for (unsigned phase = 0; name && phase < PHASE_COUNT; phase++)
		if (text_equal(name, journal_phase_name((enum phase)phase)))
			return (enum phase)phase;
	record->good = false;
	return PHASE_IDLE;
}

static enum error_kind parse_error_kind(struct record *record)
{
	const char *name = json_string(record->object, "last_error");
	enum error_kind kind = error_kind_by_name(name);

	if (!text_equal(name, error_name(kind)))
		record->good = false;
	return kind;
}

static bool parse_renewal(const cJSON *object, struct journal *journal)
{
	struct record renewal = { object, cJSON_IsObject(object) };

	journal->enrolment = record_flag(&renewal, "enrolment");
	journal->spare = json_boolean(object, "spare", false); /* absent in old files */
	journal->existing = json_boolean(object, "existing", false);
	journal->revoke_old = json_boolean(object, "revoke_old", false);
	journal->destroy_old = json_boolean(object, "destroy_old", false);
	journal->generation = (uint32_t)record_number(&renewal, "generation", 1, UINT32_MAX);
	record_hex(&renewal, "key_id", journal->key_id, sizeof(journal->key_id));
	record_text(&renewal, "key_label", journal->key_label, sizeof(journal->key_label));
	if (json_member(object, "key_token")) /* absent in old files */
		record_text(&renewal, "key_token", journal->key_token, sizeof(journal->key_token));
	journal->key_bits = (uint32_t)record_number(&renewal, "key_bits", 0, KEY_BITS_MAX);
	journal->generating = record_flag(&renewal, "generating");
	journal->nameless_before =
	    (int32_t)record_number(&renewal, "nameless_before", -1, INT32_MAX);
	journal->keyed = record_time(&renewal, "keyed");
	journal->probe_refused = record_time(&renewal, "probe_refused");
	record_text(&renewal, "director_url", journal->director_url, sizeof(journal->director_url));
	record_text(
	    &renewal, "connector_url", journal->connector_url, sizeof(journal->connector_url));
	record_text(&renewal, "request_id", journal->request_id, sizeof(journal->request_id));
	/* A key in a file has no id. */
	return renewal.good && (journal->key_id[0] != '\0' || journal->existing);
}

/* Absent in old files. A kind that only a later version knows is not counted. */
static void parse_renewals(struct record *record, struct journal *journal)
{
	const cJSON *member = json_member(record->object, "renewals");
	struct record renewals = { member, member != NULL };

	if (!member)
		return;
	for (int kind = 0; kind < ERROR_KIND_COUNT; kind++) {
		const char *name = error_name((enum error_kind)kind);

		if (json_member(member, name))
			journal->renewals[kind] =
			    (uint32_t)record_number(&renewals, name, 1, UINT32_MAX);
	}
	record->good = record->good && renewals.good && cJSON_IsObject(member);
}

static void parse_spent_tokens(struct record *record, struct journal *journal)
{
	const cJSON *tokens = json_member(record->object, "spent_tokens");
	size_t count = 0;
	const cJSON *token;

	if (!cJSON_IsArray(tokens) || cJSON_GetArraySize(tokens) > JOURNAL_SPENT_TOKENS) {
		record->good = false;
		return;
	}
	cJSON_ArrayForEach (token, tokens) {
		char *target = journal->spent_tokens[count++];

		if (!cJSON_IsString(token) || !record_is_hex(token->valuestring)
		    || strlen(token->valuestring) != JOURNAL_KEY_ID_SIZE - 1
		    || !text_copy(target, JOURNAL_KEY_ID_SIZE, token->valuestring))
			record->good = false;
	}
}

bool journal_json_parse(const cJSON *object, struct journal *ret_journal)
{
	struct record record = record_begin(object);
	const cJSON *renewal = json_member(object, "renewal");
	struct journal *journal = ret_journal;

	journal_clear(journal);
	journal->phase = parse_phase(&record);
	journal->entered = record_time(&record, "entered");
	journal->saved = record_time(&record, "saved");
	journal->last_generation =
	    (uint32_t)record_number(&record, "last_generation", 0, UINT32_MAX);
	journal->failures = (uint32_t)record_number(&record, "failures", 0, UINT32_MAX);
	journal->next_attempt = record_time(&record, "next_attempt");
	journal->rejections = (uint32_t)record_number(&record, "rejections", 0, UINT32_MAX);
	journal->rejected_since = record_time(&record, "rejected_since");
	journal->reenroll = record_flag(&record, "reenroll");
	if (json_member(object, "spare_failures"))
		journal->spare_failures =
		    (uint32_t)record_number(&record, "spare_failures", 0, UINT32_MAX);
	journal->spare_next_attempt = record_time(&record, "spare_next_attempt");
	record_text(
	    &record, "spare_message", journal->spare_message, sizeof(journal->spare_message));
	if (json_member(object, "certificates")) /* absent in old files */
		journal->certificates =
		    (uint32_t)record_number(&record, "certificates", 0, UINT32_MAX);
	journal->certificates_since = record_time(&record, "certificates_since");
	journal->last_run = record_time(&record, "last_run");
	journal->last_success = record_time(&record, "last_success");
	record_text(&record, "last_signer", journal->last_signer, sizeof(journal->last_signer));
	journal->last_error_at = record_time(&record, "last_error_at");
	journal->last_error = parse_error_kind(&record);
	record_text(&record, "last_message", journal->last_message, sizeof(journal->last_message));
	parse_renewals(&record, journal);
	if (json_member(object, "key_generation_milliseconds"))
		journal->key_generation_milliseconds =
		    record_number(&record, "key_generation_milliseconds", 0, KEY_GENERATION_MOST);
	parse_spent_tokens(&record, journal);
	/* A renewal is under way in every phase but IDLE. */
	if ((journal->phase == PHASE_IDLE) != (renewal == NULL))
		return false;
	return record.good && (!renewal || parse_renewal(renewal, journal));
}
