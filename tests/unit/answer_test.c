#include "agent/state/answer.h"

#include "agent/state/store.h"
#include "base/text.h"
#include "tests/fakes/file_calls.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <string.h>

static struct store *store;

static char subject[] = "O=Org,CN=\"4f1c\"";
static char leaf[] = "-----BEGIN CERTIFICATE-----\nAAAA\n";
static char ca[] = "ca\r\n";
static char chain[] = "";
static const struct answer sample = { subject, leaf, ca, chain };

static bool is_found(struct answer *ret_answer)
{
	struct error error = ERROR_INIT;
	bool found;

	assert_ok(answer_load(store, ret_answer, &found, &error), &error);
	return found;
}

static void what_was_saved_is_loaded_byte_by_byte(void **state)
{
	struct error error = ERROR_INIT;
	struct answer loaded;

	(void)state;
	assert_ok(answer_save(store, &sample, &error), &error);
	assert_int_equal(state_folder_mode("orders/answer.json"), 0600);
	assert_true(is_found(&loaded));
	assert_string_equal(loaded.subject, subject);
	assert_string_equal(loaded.client_certificate, leaf);
	assert_string_equal(loaded.ca_certificate, ca);
	assert_string_equal(loaded.certificate_chain, chain);
	answer_clear(&loaded);
	assert_null(loaded.subject);
	answer_clear(&loaded);
}

static void an_absent_answer_is_not_found(void **state)
{
	struct answer loaded = sample;

	(void)state;
	assert_false(is_found(&loaded));
	assert_null(loaded.subject);
}

#define SAVED(version, leaf, chain)                                                                \
	"{\"schema_version\":" version ",\"subject\":\"\",\"client_certificate\":" leaf            \
	",\"ca_certificate\":\"\",\"certificate_chain\":" chain "}"

static void a_damaged_answer_is_not_found(void **state)
{
	static const char *const texts[] = { "", "{}", "[]", SAVED("2", "\"\"", "\"\""),
		SAVED("1", "7", "\"\""), SAVED("1", "\"\"", "null"), SAVED("1", "\"\"", "{}") };
	struct answer loaded;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		state_folder_write("orders/answer.json", texts[i]);
		assert_false(is_found(&loaded));
		assert_null(loaded.subject);
		assert_null(loaded.client_certificate);
	}
	state_folder_write("orders/answer.json", SAVED("1", "\"\"", "\"\""));
	assert_true(is_found(&loaded));
	answer_clear(&loaded);
}

static void a_removed_answer_is_gone_with_what_a_kill_left_of_one(void **state)
{
	struct error error = ERROR_INIT;
	struct answer loaded;

	(void)state;
	assert_ok(answer_remove(store, &error), &error);
	assert_ok(answer_save(store, &sample, &error), &error);
	state_folder_write("orders/answer.json.tmp", "half");
	assert_ok(answer_remove(store, &error), &error);
	assert_false(is_found(&loaded));
	assert_int_equal(state_folder_count(".tmp"), 0);
}

static void an_answer_needs_no_fsync_since_it_can_be_asked_for_again(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	file_calls_leave_alone();
	assert_ok(answer_save(store, &sample, &error), &error);
	assert_ok(answer_remove(store, &error), &error);
	assert_int_equal(file_calls_syncs(), 0);
}

static void a_full_disk_is_said_and_gets_its_room_back(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	file_calls_fail_at(3, ENOSPC); /* unlinkat openat write */
	assert_refused(answer_save(store, &sample, &error), &error, ERROR_STATE);
	assert_non_null(strstr(error.message, "answer.json"));
	assert_int_equal(state_folder_count(".tmp"), 0);
}

static void save_sample(void *context)
{
	struct error error = ERROR_INIT;

	(void)context;
	assert_ok(answer_save(store, &sample, &error), &error);
}

static void a_kill_anywhere_leaves_no_answer_or_the_whole_one(void **state)
{
	bool cut = true;

	(void)state;
	for (int at = 1; cut; at++) {
		struct error error = ERROR_INIT;
		struct answer loaded;

		cut = file_calls_survive(save_sample, NULL, at);
		assert_true(cut || at > 3);
		if (is_found(&loaded))
			assert_string_equal(loaded.client_certificate, leaf);
		else
			assert_true(cut);
		answer_clear(&loaded);
		assert_ok(answer_remove(store, &error), &error);
		assert_int_equal(state_folder_count(".tmp"), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_STORE(what_was_saved_is_loaded_byte_by_byte),
		WITH_A_STORE(an_absent_answer_is_not_found),
		WITH_A_STORE(a_damaged_answer_is_not_found),
		WITH_A_STORE(a_removed_answer_is_gone_with_what_a_kill_left_of_one),
		WITH_A_STORE(an_answer_needs_no_fsync_since_it_can_be_asked_for_again),
		WITH_A_STORE(a_full_disk_is_said_and_gets_its_room_back),
		WITH_A_STORE(a_kill_anywhere_leaves_no_answer_or_the_whole_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
