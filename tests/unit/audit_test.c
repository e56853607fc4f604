#include "agent/audit/audit.h"

#include "agent/audit/audit_verify.h"
#include "agent/state/store.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/file_calls.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG "orders/" AUDIT_NAME
#define RUN "6f1d0a52-5c1e-4d7c-9d6e-0f0e0d0c0b0a"

static struct store *store;

static bool try_append(const char *name, const char *subject, const char *id, struct error *error)
{
	scoped(cJSON) cJSON *facts = json_new_object();

	json_add_string(facts, "key_id", id);
	return audit_append(store, &(struct audit_event){ name, facts, subject, RUN }, error);
}

static void append(const char *id)
{
	struct error error = ERROR_INIT;

	assert_ok(try_append("key_generated", "key_id", id, &error), &error);
}

static struct audit_findings verify(void)
{
	const struct audit_remembered nothing = { .count = 0 };
	struct audit_findings findings;
	struct error error = ERROR_INIT;

	assert_ok(audit_verify(store, &nothing, &findings, &error), &error);
	return findings;
}

static struct audit_head head(void)
{
	struct error error = ERROR_INIT;
	struct audit_head found;

	assert_ok(audit_read_head(store, &found, &error), &error);
	return found;
}

static void assert_logged(const char *text)
{
	scoped(char) char *log = state_folder_read(LOG);

	if (!log || !strstr(log, text))
		fail_msg("%s does not hold %s", log ? log : "(nothing)", text);
}

static void add_bytes(const char *bytes, size_t length)
{
	scoped(char) char *log = state_folder_read(LOG);
	scoped(text) struct text_buffer longer = TEXT_BUFFER_INIT(1 << 20);

	assert_true(!log || text_add_string(&longer, log));
	assert_true(text_add(&longer, bytes, length));
	state_folder_write_bytes(LOG, longer.data, longer.length);
}

static void without_events_there_is_no_log(void **state)
{
	(void)state;
	assert_int_equal(head().count, 0);
	assert_string_equal(head().sha256, "");
	assert_int_equal(audit_length(store), 0);
	assert_int_equal(verify().count, 0);
	assert_false(state_folder_has(LOG));
}

static void each_line_carries_the_hash_of_the_one_before(void **state)
{
	scoped(char) char *log = NULL;
	char first[AUDIT_HASH_SIZE];
	const char *second;

	(void)state;
	append("01");
	append("02");
	log = state_folder_read(LOG);
	second = strchr(log, '\n') + 1;
	audit_line_hash(log, (size_t)(second - log), first);
	assert_true(text_starts_with(log, "{\"seq\":1,\"time\":\""));
	assert_non_null(strstr(log, "\"run_id\":\"" RUN "\",\"previous\":null,"));
	assert_non_null(strstr(log, "\"event\":\"key_generated\",\"key_id\":\"01\"}\n"));
	assert_true(text_starts_with(second, "{\"seq\":2,"));
	assert_non_null(strstr(second, first));
	assert_int_equal(head().count, 2);
	assert_int_equal(audit_length(store), strlen(log));
	assert_int_equal(state_folder_mode(LOG), 0600);
	assert_int_equal(verify().count, 2);
	assert_string_equal(verify().sha256, head().sha256);
}

static void a_line_is_on_disk_when_it_counts(void **state)
{
	(void)state;
	file_calls_leave_alone();
	append("01");
	/* The file's name too. */
	assert_string_equal(file_calls_log(), "openat write fsync fsync");
	file_calls_leave_alone();
	append("02");
	assert_string_equal(file_calls_log(), "openat write fsync");
}

static void a_step_that_runs_twice_is_noted_once(void **state)
{
	(void)state;
	append("01");
	append("01");
	assert_int_equal(head().count, 1);
	append("02");
	append("01"); /* another event lies between: it is no repetition */
	assert_int_equal(head().count, 3);
}

static void what_runs_twice_with_other_events_between_is_noted_once(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	append("01");
	assert_ok(try_append("key_destroyed", "key_id", "00", &error), &error);
	append("01");
	assert_int_equal(head().count, 2);
}

static void an_event_without_a_subject_is_always_noted(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(try_append("pin_latched", NULL, "01", &error), &error);
	assert_ok(try_append("pin_latched", NULL, "01", &error), &error);
	assert_int_equal(head().count, 2);
}

static void an_event_that_is_too_long_is_refused(void **state)
{
	struct error error = ERROR_INIT;
	char id[AUDIT_LINE_MAX];

	(void)state;
	append("01");
	memset(id, 'a', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	assert_refused(try_append("key_generated", "key_id", id, &error), &error, ERROR_INTERNAL);
	assert_int_equal(verify().count, 1);
}

static void a_torn_last_line_is_cut_off_and_noted(void **state)
{
	static const char torn[] = "{\"seq\":2,\"time\":\"2026-";
	char hash[AUDIT_HASH_SIZE];

	(void)state;
	append("01");
	add_bytes(torn, strlen(torn));
	assert_int_equal(head().count, 1);
	assert_int_equal(verify().torn_bytes, strlen(torn));
	append("02");
	audit_line_hash(torn, strlen(torn), hash);
	assert_logged("\"event\":\"audit_repaired\",\"cut_bytes\":22,");
	assert_logged(hash);
	assert_logged("\"cut_text\":\"{\\\"seq\\\":2,");
	assert_int_equal(verify().count, 3);
	assert_int_equal(verify().repairs, 1);
	assert_int_equal(verify().torn_bytes, 0);
}

static void a_torn_piece_longer_than_its_note_leaves_nothing(void **state)
{
	char zeros[3000] = "";

	(void)state;
	append("01");
	add_bytes(zeros, sizeof(zeros));
	append("02");
	assert_logged("\"cut_bytes\":3000,");
	assert_int_equal(verify().count, 3);
}

static void a_log_that_was_torn_in_its_first_line_begins_with_that(void **state)
{
	(void)state;
	add_bytes("{\"se", 4);
	append("01");
	assert_int_equal(verify().count, 2);
	assert_int_equal(verify().repairs, 1);
}

static void a_last_line_that_is_none_counts_as_torn(void **state)
{
	(void)state;
	append("01");
	add_bytes("garbage\n\n{}\n", 12);
	append("02");
	assert_logged("\"cut_text\":\"garbage??{}?\"");
	assert_int_equal(verify().count, 3);
}

static void a_log_without_any_whole_line_in_its_tail_is_set_aside(void **state)
{
	scoped(char) char *garbage = calloc(1, 100000);

	(void)state;
	assert_non_null(garbage);
	append("01");
	memset(garbage, 'x', 100000);
	add_bytes(garbage, 100000);
	append("02");
	assert_logged("\"event\":\"audit_repaired\",\"set_aside\":\"audit.jsonl.damaged-");
	assert_int_equal(verify().count, 2);
	assert_true(verify().begins_anew);
	assert_int_equal(state_folder_count(AUDIT_NAME), 1);
}

static void a_repair_that_is_killed_anywhere_loses_nothing(void **state)
{
	(void)state;
	for (int at = 1;; at++) {
		bool killed;

		state_folder_write(LOG, "");
		append("01");
		add_bytes("{\"seq\":2", 8);
		killed = file_calls_survive((void (*)(void *))append, "02", at);
		append("02");
		assert_int_equal(verify().torn_bytes, 0);
		assert_logged("\"cut_text\":\"{\\\"seq\\\":2\"");
		assert_logged("\"key_id\":\"02\"");
		if (!killed)
			break;
	}
}

static void a_failure_of_any_call_leaves_a_chain_that_goes_on(void **state)
{
	(void)state;
	append("01");
	for (int at = 1; at <= 4; at++) {
		struct error error = ERROR_INIT;
		bool done;

		file_calls_fail_at(at, ENOSPC);
		done = try_append("key_generated", "key_id", "02", &error);
		file_calls_leave_alone();
		assert_true(done || error.kind == ERROR_STATE);
		(void)verify();
		append("02");
		append("01");
	}
}

static void a_symlink_in_its_place_is_not_followed(void **state)
{
	struct error error = ERROR_INIT;
	char path[PATH_MAX];

	(void)state;
	assert_true(text_format(path, sizeof(path), "%s/" AUDIT_NAME, store_path(store)));
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_refused(
	    try_append("key_generated", "key_id", "01", &error), &error, ERROR_PERMISSION);
	assert_refused(audit_prepare(store, NULL, &error), &error, ERROR_PERMISSION);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(
	    try_append("key_generated", "key_id", "01", &error), &error, ERROR_PERMISSION);
}

static void preparing_makes_room_and_adds_nothing(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(audit_prepare(store, RUN, &error), &error);
	assert_int_equal(audit_length(store), 0);
	append("01");
	add_bytes("{", 1);
	assert_ok(audit_prepare(store, RUN, &error), &error);
	assert_int_equal(verify().count, 2); /* but repairs */
}

static void a_log_of_years_is_appended_to_by_its_tail(void **state)
{
	char id[16];

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_true(text_format(id, sizeof(id), "%04d", i));
		append(id);
	}
	assert_true(audit_length(store) > 4 * AUDIT_LINE_MAX);
	assert_int_equal(head().count, 200);
	assert_int_equal(verify().count, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_STORE(without_events_there_is_no_log),
		WITH_A_STORE(each_line_carries_the_hash_of_the_one_before),
		WITH_A_STORE(a_line_is_on_disk_when_it_counts),
		WITH_A_STORE(a_step_that_runs_twice_is_noted_once),
		WITH_A_STORE(what_runs_twice_with_other_events_between_is_noted_once),
		WITH_A_STORE(an_event_without_a_subject_is_always_noted),
		WITH_A_STORE(an_event_that_is_too_long_is_refused),
		WITH_A_STORE(a_torn_last_line_is_cut_off_and_noted),
		WITH_A_STORE(a_torn_piece_longer_than_its_note_leaves_nothing),
		WITH_A_STORE(a_log_that_was_torn_in_its_first_line_begins_with_that),
		WITH_A_STORE(a_last_line_that_is_none_counts_as_torn),
		WITH_A_STORE(a_log_without_any_whole_line_in_its_tail_is_set_aside),
		WITH_A_STORE(a_repair_that_is_killed_anywhere_loses_nothing),
		WITH_A_STORE(a_failure_of_any_call_leaves_a_chain_that_goes_on),
		WITH_A_STORE(a_symlink_in_its_place_is_not_followed),
		WITH_A_STORE(preparing_makes_room_and_adds_nothing),
		WITH_A_STORE(a_log_of_years_is_appended_to_by_its_tail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
