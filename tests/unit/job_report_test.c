#include "tests/unit/channel_scene.h"

#include "agent/job/message.h"
#include "base/json.h"
#include "base/record.h"
#include "base/scoped.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void a_note_arrives_as_it_was_sent(void **state)
{
	struct pair *pair = *state;
	struct note note = { .kind = NOTE_STEP, .deadline = 3600 };
	struct outcome outcome;
	struct note received;
	enum report_kind kind;
	struct error error = ERROR_INIT;

	memset(note.text, 'x', sizeof(note.text) - 1);
	assert_ok(note_send(pair->worker, &note, &error), &error);
	assert_ok(report_receive(pair->supervisor, &kind, &received, &outcome, &error), &error);
	assert_int_equal(kind, REPORT_NOTE);
	assert_int_equal(received.kind, NOTE_STEP);
	assert_int_equal(received.deadline, 3600);
	assert_string_equal(received.text, note.text);
}

/* The last character of a text that was cut may be half a one. */
static void a_note_that_is_no_utf_8_arrives_mended(void **state)
{
	struct pair *pair = *state;
	const struct note note = { .kind = NOTE_WARNING, .text = "token \xc3" };
	struct outcome outcome;
	struct note received;
	enum report_kind kind;
	struct error error = ERROR_INIT;

	assert_ok(note_send(pair->worker, &note, &error), &error);
	assert_ok(report_receive(pair->supervisor, &kind, &received, &outcome, &error), &error);
	assert_string_equal(received.text, "token ?");
}

static void an_outcome_arrives_as_it_was_sent(void **state)
{
	struct pair *pair = *state;
	struct outcome outcome = {
		.error = { ERROR_UNPROVEN, "probe: 400" },
		.changed = true,
		.latched = true,
		.more = true,
		.stays = true,
		.spare_made = true,
		.spare_error = { ERROR_TOKEN, "full" },
		.alert_expired = true,
		.server_date = 1800000000,
		.retry_after = 30,
		.key_generation_milliseconds = -1,
		.signer = "engine",
		.key_label = "renewal-agent/0123abcd/orders/2",
		.keys = cJSON_Parse("[{\"id\": \"00\"}]"),
		.handshake = {
			.generation = 7,
			.issuer_named = true,
			.name_count = 300,
			.names = cJSON_Parse("[\"CN=a, O=\\\\b\", \"CN=c\"]"),
			.server_end = 1900000000,
			.has_date = true,
			.clock_ahead = -3600,
		},
	};
	struct outcome received;
	struct note note;
	enum report_kind kind;
	struct error error = ERROR_INIT;

	assert_ok(outcome_send(pair->worker, &outcome, &error), &error);
	assert_ok(report_receive(pair->supervisor, &kind, &note, &received, &error), &error);
	assert_int_equal(kind, REPORT_OUTCOME);
	assert_int_equal(received.error.kind, ERROR_UNPROVEN);
	assert_string_equal(received.error.message, "probe: 400");
	assert_true(received.changed);
	assert_false(received.resumed);
	assert_true(received.latched);
	assert_true(received.more);
	assert_true(received.stays);
	assert_true(received.spare_made);
	assert_int_equal(received.spare_error.kind, ERROR_TOKEN);
	assert_string_equal(received.spare_error.message, "full");
	assert_true(received.alert_expired);
	assert_int_equal(received.server_date, 1800000000);
	assert_int_equal(received.retry_after, 30);
	assert_int_equal(received.key_generation_milliseconds, -1);
	assert_string_equal(received.signer, "engine");
	assert_string_equal(received.key_label, outcome.key_label);
	assert_true(cJSON_Compare(received.keys, outcome.keys, true));
	assert_int_equal(received.handshake.generation, 7);
	assert_true(received.handshake.issuer_named && received.handshake.has_date);
	assert_false(received.handshake.same_issuer);
	assert_int_equal(received.handshake.name_count, 300);
	assert_true(cJSON_Compare(received.handshake.names, outcome.handshake.names, true));
	assert_int_equal(received.handshake.server_end, 1900000000);
	assert_int_equal(received.handshake.clock_ahead, -3600);
	outcome_clear(&received);
	outcome_clear(&outcome);
}

/* Of an outcome that is sent without one there is none. */
static void a_handshake_that_is_malformed_is_refused(void **state)
{
	static const char *const members[] = { "5", "[]", "{}",
		"{\"generation\":0,\"same_issuer\":false,\"issuer_named\":false,\"name_count\":0,"
		"\"server_end\":0,\"has_date\":false,\"clock_ahead\":0}",
		"{\"generation\":1,\"same_issuer\":false,\"issuer_named\":false,\"name_count\":1,"
		"\"names\":[\"CN=a\",\"CN=b\"],\"server_end\":0,\"has_date\":false,"
		"\"clock_ahead\":0}",
		"{\"generation\":1,\"same_issuer\":false,\"issuer_named\":false,\"name_count\":1,"
		"\"names\":[7],\"server_end\":0,\"has_date\":false,\"clock_ahead\":0}",
		"{\"generation\":1,\"same_issuer\":false,\"issuer_named\":false,\"name_count\":0,"
		"\"server_end\":-1,\"has_date\":false,\"clock_ahead\":0}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
		scoped(cJSON) cJSON *object = json_new_object();
		struct record record = { object, true };
		struct handshake handshake;

		handshake = handshake_from_json(&record, "handshake");
		assert_true(record.good && handshake.generation == 0);
		json_add_item(object, "handshake", cJSON_Parse(members[i]));
		handshake = handshake_from_json(&record, "handshake");
		assert_false(record.good);
		assert_int_equal(handshake.generation, 0);
		assert_null(handshake.names);
	}
}

static void what_is_no_report_is_refused(void **state)
{
	static const char *const messages[] = {
		"x",
		"[]",
		"{}",
		"{\"schema_version\":1}",
		"{\"schema_version\":1,\"kind\":\"note\"}",
		"{\"schema_version\":1,\"kind\":\"step\"}",
		"{\"schema_version\":1,\"kind\":\"step\",\"deadline\":-1,\"text\":\"a\"}",
		"{\"schema_version\":1,\"kind\":\"step\",\"deadline\":86401,\"text\":\"a\"}",
		"{\"schema_version\":2,\"kind\":\"step\",\"deadline\":1,\"text\":\"a\"}",
		"{\"schema_version\":1,\"kind\":\"outcome\"}",
	};
	struct pair *pair = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(messages); i++) {
		struct error error = ERROR_INIT;
		struct outcome outcome;
		struct note note;
		enum report_kind kind;

		assert_ok(
		    message_send_bytes(pair->worker, messages[i], strlen(messages[i]), &error),
		    &error);
		assert_refused(report_receive(pair->supervisor, &kind, &note, &outcome, &error),
		    &error, ERROR_INTERNAL);
	}
}

static void a_failure_of_no_known_kind_is_refused(void **state)
{
	struct outcome outcome = { .key_generation_milliseconds = -1 };
	scoped(cJSON) cJSON *object = NULL;
	struct error error = ERROR_INIT;
	struct pair *pair = *state;
	struct note note;
	enum report_kind kind;

	assert_ok(outcome_send(pair->worker, &outcome, &error), &error);
	assert_ok(message_receive(pair->supervisor, &object, &error), &error);
	cJSON_ReplaceItemInObject(object, "error", cJSON_CreateString("surprise"));
	assert_ok(message_send(pair->worker, object, &error), &error);
	assert_refused(report_receive(pair->supervisor, &kind, &note, &outcome, &error), &error,
	    ERROR_INTERNAL);
}

static void a_message_that_is_too_long_is_refused_on_both_sides(void **state)
{
	scoped(char) char *text = calloc(1, JOB_MESSAGE_MAX + 2);
	struct pair *pair = *state;
	struct error error = ERROR_INIT;
	struct outcome outcome;
	struct note note;
	enum report_kind kind;
	size_t length = 0;

	assert_non_null(text);
	memset(text, ' ', JOB_MESSAGE_MAX + 1);
	assert_refused(message_send_bytes(pair->worker, text, JOB_MESSAGE_MAX + 1, &error), &error,
	    ERROR_INTERNAL);
	assert_refused(message_send_bytes(pair->worker, text, 0, &error), &error, ERROR_INTERNAL);
	assert_ok(message_send_bytes(pair->worker, "12345", 5, &error), &error);
	assert_refused(message_receive_bytes(pair->supervisor, text, 4, &length, &error), &error,
	    ERROR_INTERNAL);
	assert_int_equal(send(pair->worker, text, JOB_MESSAGE_MAX + 1, 0), JOB_MESSAGE_MAX + 1);
	assert_refused(report_receive(pair->supervisor, &kind, &note, &outcome, &error), &error,
	    ERROR_INTERNAL);
}

static void a_peer_that_is_gone_is_an_end_and_no_signal(void **state)
{
	struct pair *pair = *state;
	struct note note = { .kind = NOTE_INFO, .text = "a" };
	struct error error = ERROR_INIT;
	struct outcome outcome;
	enum report_kind kind;

	assert_ok(note_send(pair->supervisor, &note, &error), &error);
	close(pair->worker); /* with the note unread: the connection is reset */
	pair->worker = -1;
	assert_ok(report_receive(pair->supervisor, &kind, &note, &outcome, &error), &error);
	assert_int_equal(kind, REPORT_END);
	assert_ok(report_receive(pair->supervisor, &kind, &note, &outcome, &error), &error);
	assert_int_equal(kind, REPORT_END);
	assert_refused(note_send(pair->supervisor, &note, &error), &error, ERROR_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OVER_A_PAIR(a_note_arrives_as_it_was_sent),
		OVER_A_PAIR(a_note_that_is_no_utf_8_arrives_mended),
		OVER_A_PAIR(an_outcome_arrives_as_it_was_sent),
		cmocka_unit_test(a_handshake_that_is_malformed_is_refused),
		OVER_A_PAIR(what_is_no_report_is_refused),
		OVER_A_PAIR(a_failure_of_no_known_kind_is_refused),
		OVER_A_PAIR(a_message_that_is_too_long_is_refused_on_both_sides),
		OVER_A_PAIR(a_peer_that_is_gone_is_an_end_and_no_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
