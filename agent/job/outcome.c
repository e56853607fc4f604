#include "agent/job/job.h"
#include "agent/job/message.h"
#include "base/json.h"
#include "base/record.h"
#include "base/scoped.h"
#include "base/text.h"

static const char *const note_names[] = {
	[NOTE_STEP] = "step",
	[NOTE_WARNING] = "warning",
	[NOTE_INFO] = "info",
	[NOTE_CHECK] = "check",
};

static const char outcome_name[] = "outcome";

/* A date that a server sent, or a number of seconds that it asked for. */
#define MOMENT_MOST INT64_C(253402300799)
/* A step may take a day at most: the largest setting. */
#define DEADLINE_MOST (24 * 60 * 60)

void outcome_clear(struct outcome *outcome)
{
	handshake_clear(&outcome->handshake);
	cJSON_Delete(outcome->keys);
	*outcome = (struct outcome){ 0 };
}

__attribute__((unused)) static inline void scoped_destroy_outcome(struct outcome *outcome)
{
	outcome_clear(outcome);
}

bool note_send(int channel, const struct note *note, struct error *error)
{
	scoped(cJSON) cJSON *object = record_new();

	json_add_string(object, "kind", note_names[note->kind]);
	json_add_integer(object, "deadline", note->deadline);
	json_add_string(object, "text", note->text);
	if (note->kind == NOTE_CHECK) {
		json_add_string(object, "error", error_name(note->check.kind));
		check_to_json(&note->check, object);
	}
	return message_send(channel, object, error);
}

static int64_t within(int64_t number, int64_t most)
{
	if (number < 0)
		return 0;
	return number > most ? most : number;
}

bool outcome_send(int channel, const struct outcome *outcome, struct error *error)
{
	scoped(cJSON) cJSON *object = record_new();
	cJSON *handshake = handshake_to_json(&outcome->handshake);

	json_add_string(object, "kind", outcome_name);
	json_add_string(object, "error", error_name(outcome->error.kind));
	json_add_string(object, "message", outcome->error.message);
	json_add_boolean(object, "more", outcome->more);
	json_add_boolean(object, "stays", outcome->stays);
	json_add_boolean(object, "changed", outcome->changed);
	json_add_boolean(object, "resumed", outcome->resumed);
	json_add_boolean(object, "latched", outcome->latched);
	json_add_boolean(object, "alert_expired", outcome->alert_expired);
	json_add_integer(object, "server_date", within(outcome->server_date, MOMENT_MOST));
	json_add_integer(object, "retry_after", within(outcome->retry_after, MOMENT_MOST));
	if (handshake)
		json_add_item(object, "handshake", handshake);
	json_add_boolean(object, "spare_made", outcome->spare_made);
	json_add_string(object, "spare_error", error_name(outcome->spare_error.kind));
	json_add_string(object, "spare_message", outcome->spare_error.message);
	json_add_integer(
	    object, "key_generation_milliseconds", outcome->key_generation_milliseconds);
	json_add_string(object, "signer", outcome->signer);
	json_add_string(object, "key_label", outcome->key_label);
	if (outcome->keys)
		json_add_item(object, "keys", cJSON_Duplicate(outcome->keys, true));
	return message_send(channel, object, error);
}

static bool note_from_json(
    struct record *record, enum note_kind kind, struct note *ret_note, struct error *error)
{
	struct note note = {
		.kind = kind,
		.deadline = record_number(record, "deadline", 0, DEADLINE_MOST),
	};

	record_text(record, "text", note.text, sizeof(note.text));
	if (!record->good)
		return error_set(error, ERROR_INTERNAL, "the worker's note is malformed");
	if (kind == NOTE_CHECK && !check_from_json(record->object, &note.check, error))
		return false;
	*ret_note = note;
	return true;
}

static enum error_kind error_kind_of(struct record *record, const char *member)
{
	char name[32];
	enum error_kind kind;

	record_text(record, member, name, sizeof(name));
	kind = error_kind_by_name(name);
	if (!text_equal(error_name(kind), name))
		record->good = false;
	return kind;
}

static bool outcome_from_json(
    struct record *record, struct outcome *ret_outcome, struct error *error)
{
	const cJSON *keys = json_member(record->object, "keys");
	scoped(outcome) struct outcome outcome = {
		.error = { .kind = error_kind_of(record, "error") },
		.more = record_flag(record, "more"),
		.stays = record_flag(record, "stays"),
		.changed = record_flag(record, "changed"),
		.resumed = record_flag(record, "resumed"),
		.latched = record_flag(record, "latched"),
		.alert_expired = record_flag(record, "alert_expired"),
		.server_date = record_number(record, "server_date", 0, MOMENT_MOST),
		.retry_after = record_number(record, "retry_after", 0, MOMENT_MOST),
		.handshake = handshake_from_json(record, "handshake"),
		.spare_made = record_flag(record, "spare_made"),
		.spare_error = { .kind = error_kind_of(record, "spare_error") },
		.key_generation_milliseconds =
		    record_number(record, "key_generation_milliseconds", -1, MOMENT_MOST),
	};

	record_text(record, "message", outcome.error.message, sizeof(outcome.error.message));
	record_text(record, "spare_message", outcome.spare_error.message,
	    sizeof(outcome.spare_error.message));
	record_text(record, "signer", outcome.signer, sizeof(outcome.signer));
	record_text(record, "key_label", outcome.key_label, sizeof(outcome.key_label));
	if (!record->good || (keys && !cJSON_IsArray(keys)))
		return error_set(error, ERROR_INTERNAL, "the worker's outcome is malformed");
	if (keys)
		outcome.keys = cJSON_Duplicate(keys, true);

	*ret_outcome = outcome;
	outcome = (struct outcome){ 0 };
	return true;
}

bool report_receive(int channel, enum report_kind *ret_kind, struct note *ret_note,
    struct outcome *ret_outcome, struct error *error)
{
	scoped(cJSON) cJSON *object = NULL;
	struct record record;
	char kind[16];

	if (!message_receive(channel, &object, error))
		return false;
	if (!object) {
		*ret_kind = REPORT_END;
		return true;
	}
	record = record_begin(object);
	record_text(&record, "kind", kind, sizeof(kind));
	if (text_equal(kind, outcome_name)) {
		*ret_kind = REPORT_OUTCOME;
		return outcome_from_json(&record, ret_outcome, error);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(note_names); i++) {
		if (!text_equal(kind, note_names[i]))
			continue;
		*ret_kind = REPORT_NOTE;
		return note_from_json(&record, (enum note_kind)i, ret_note, error);
	}
	return error_set(error, ERROR_INTERNAL, "the worker sent what is no report");
}
