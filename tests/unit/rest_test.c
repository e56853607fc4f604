#include "agent/identity/rest.h"

#include "agent/identity/identity.h"
#include "base/text.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/test.h"
#include "tests/unit/time_units.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW INT64_C(1800000000)
#define MESSAGE "nothing to do: valid until 2027-06-01T00:00:00Z"

/* An identity in a store, due in an hour. */
struct host {
	struct identity_settings settings;
	struct identity identity;
	struct store *store;
	char folder[128];
};

static void save_journal(struct host *host)
{
	struct error error = ERROR_INIT;

	assert_ok(journal_save(host->store, &host->identity.journal, NOW - HOUR, &error), &error);
}

static int set_up(void **state)
{
	struct host *host = calloc(1, sizeof(*host));
	scoped(generation) struct generation generation = state_folder_generation(1);
	struct error error = ERROR_INIT;

	assert_non_null(host);
	state_folder_make();
	host->store = state_folder_open();
	host->settings = (struct identity_settings){ .name = STATE_FOLDER_IDENTITY,
		.state_directory = text_duplicate(state_folder_path()) };
	host->identity = (struct identity){
		.settings = &host->settings,
		.store = host->store,
		.lock = -1,
		.active = { .number = 1 },
		.not_before = NOW - HOUR,
		.not_after = NOW + 100 * DAY,
		.schedule = { .due = NOW + HOUR, .latest = NOW + DAY },
	};
	journal_clear(&host->identity.journal);
	assert_ok(store_write(host->store, &generation, &error), &error);
	assert_ok(store_activate(host->store, 1, &error), &error);
	save_journal(host);
	assert_ok(gateway_save(host->store, &host->identity.gateway, &error), &error);
	(void)text_format(
	    host->folder, sizeof(host->folder), "%s/" STATE_FOLDER_IDENTITY, state_folder_path());
	*state = host;
	return 0;
}

static int tear_down(void **state)
{
	struct host *host = *state;

	store_close(host->store);
	free(host->settings.state_directory);
	free(host);
	state_folder_discard();
	return 0;
}

static bool is_at_rest(const struct host *host, int64_t now)
{
	char message[REST_MESSAGE_SIZE] = "";

	if (!rest_find(&host->settings, now, message))
		return false;
	assert_string_equal(message, MESSAGE);
	return true;
}

static void note(struct host *host)
{
	rest_note(&host->identity, NOW, MESSAGE);
}

static void it_holds_from_when_it_was_noted_until_something_is_to_be_done(void **state)
{
	struct host *host = *state;

	assert_false(is_at_rest(host, NOW));
	note(host);
	assert_true(is_at_rest(host, NOW));
	assert_true(is_at_rest(host, NOW + HOUR - 1));
	assert_false(is_at_rest(host, NOW + HOUR));
	assert_false(is_at_rest(host, NOW - 1));
}

static void it_holds_for_a_day_at_most(void **state)
{
	struct host *host = *state;

	host->identity.schedule.due = NOW + 50 * DAY;
	note(host);
	assert_true(is_at_rest(host, NOW + DAY - 1));
	assert_false(is_at_rest(host, NOW + DAY));
}

static void another_line_of_the_settings_breaks_the_seal(void **state)
{
	struct host *host = *state;

	note(host);
	host->settings.lines++;
	assert_false(is_at_rest(host, NOW));
	host->settings.lines--;
	assert_true(is_at_rest(host, NOW));
}

static void whatever_happens_to_a_file_breaks_the_seal(void **state)
{
	static const char *const files[] = { "journal.json", "gateway.json",
		"current/certificate.pem", "current/ca.pem", "current/chain.pem", "current/key.uri",
		"current/generation.json" };
	struct host *host = *state;
	char path[256];
	char other[256];

	for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
		struct stat status;
		struct timespec times[2];

		note(host);
		assert_true(is_at_rest(host, NOW));
		text_format(path, sizeof(path), "%s/%s", host->folder, files[i]);
		text_format(other, sizeof(other), "%s.other", path);
		assert_int_equal(rename(path, other), 0);
		assert_false(is_at_rest(host, NOW));
		assert_int_equal(rename(other, path), 0);

		/* Written to, with the old date put back: the change of the inode tells. */
		note(host);
		assert_int_equal(stat(path, &status), 0);
		times[0] = status.st_atim;
		times[1] = status.st_mtim;
		assert_int_equal(truncate(path, status.st_size - 1), 0);
		assert_int_equal(truncate(path, status.st_size), 0);
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
		assert_false(is_at_rest(host, NOW));
	}
}

static void a_debt_that_was_noted_since_breaks_the_seal(void **state)
{
	struct host *host = *state;

	note(host);
	state_folder_write(STATE_FOLDER_IDENTITY "/debts.json", "{}");
	assert_false(is_at_rest(host, NOW));
}

static void another_active_generation_breaks_the_seal(void **state)
{
	scoped(generation) struct generation second = state_folder_generation(2);
	struct host *host = *state;
	struct error error = ERROR_INIT;

	assert_ok(store_write(host->store, &second, &error), &error);
	note(host);
	assert_true(is_at_rest(host, NOW));
	assert_ok(store_activate(host->store, 2, &error), &error);
	assert_false(is_at_rest(host, NOW));
}

static void a_journal_that_was_saved_again_breaks_the_seal(void **state)
{
	struct host *host = *state;

	note(host);
	save_journal(host);
	assert_false(is_at_rest(host, NOW));
}

static void a_folder_that_others_may_write_to_breaks_the_seal(void **state)
{
	struct host *host = *state;

	note(host);
	assert_int_equal(chmod(host->folder, 0777), 0);
	assert_false(is_at_rest(host, NOW));
	assert_int_equal(chmod(host->folder, 0755), 0);
	assert_true(is_at_rest(host, NOW));
	assert_int_equal(chmod(state_folder_path(), 0777), 0);
	assert_false(is_at_rest(host, NOW));
}

static void a_note_that_is_damaged_counts_for_nothing(void **state)
{
	static const char *const texts[] = { "", "\n", "1\n", "0 99999999999 \n",
		"0 99999999999 0000 m\n", "0 99999999999 0000", "-1 99999999999 x m\n",
		"18446744073709551616 1 x m\n" };
	struct host *host = *state;
	scoped(char) char *good = NULL;
	scoped(char) char *cut = NULL;

	note(host);
	good = state_folder_read(STATE_FOLDER_IDENTITY "/rest");
	cut = text_duplicate(good);
	cut[strlen(cut) - 1] = '\0';
	state_folder_write(STATE_FOLDER_IDENTITY "/rest", cut);
	assert_false(is_at_rest(host, NOW));
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		state_folder_write(STATE_FOLDER_IDENTITY "/rest", texts[i]);
		assert_false(is_at_rest(host, NOW));
	}
	state_folder_write(STATE_FOLDER_IDENTITY "/rest", good);
	assert_true(is_at_rest(host, NOW));
}

static void what_is_due_or_has_windows_is_not_noted(void **state)
{
	struct host *host = *state;

	host->identity.schedule.due = NOW;
	note(host);
	assert_false(state_folder_has(STATE_FOLDER_IDENTITY "/rest"));
	host->identity.schedule.due = NOW + HOUR;
	host->settings.window.count = 1;
	note(host);
	assert_false(state_folder_has(STATE_FOLDER_IDENTITY "/rest"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    it_holds_from_when_it_was_noted_until_something_is_to_be_done, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(it_holds_for_a_day_at_most, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    another_line_of_the_settings_breaks_the_seal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    whatever_happens_to_a_file_breaks_the_seal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_debt_that_was_noted_since_breaks_the_seal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    another_active_generation_breaks_the_seal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_journal_that_was_saved_again_breaks_the_seal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_folder_that_others_may_write_to_breaks_the_seal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_note_that_is_damaged_counts_for_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_due_or_has_windows_is_not_noted, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
