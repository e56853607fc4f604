#include "agent/state/latch.h"

#include "base/clock.h"
#include "base/text.h"
#include "tests/fakes/file_calls.h"
#include "tests/fakes/latch_run.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * The latch's file and lock: damage, kills, full disks. What it allows is in latch_test.c.
 */

/* The one file with this suffix; its name starts with `tokens/`. */
static void find_file(const char *suffix, char *target, size_t size)
{
	char path[256];
	scoped(DIR) DIR *listing = NULL;
	const struct dirent *entry;

	assert_true(text_format(path, sizeof(path), "%s/tokens", state_folder_path()));
	listing = opendir(path);
	assert_non_null(listing);
	target[0] = '\0';
	while ((entry = readdir(listing)) != NULL)
		if (strstr(entry->d_name, suffix))
			assert_true(text_format(target, size, "tokens/%s", entry->d_name));
	assert_string_not_equal(target, "");
}

static void the_file_shows_the_token_to_people_and_the_pin_to_nobody(void **state)
{
	struct error error = ERROR_INIT;
	struct latch_token token = latch_fleet;
	scoped(latch) struct latch *latch = NULL;
	scoped(char) char *text = NULL;
	char path[128];

	(void)state;
	token.model = "not \xff utf-8";
	assert_ok(latch_open(state_folder_path(), &token, &latch, &error), &error);
	assert_ok(latch_refused(latch, "geheim", 6, &error), &error);
	find_file(".json", path, sizeof(path));
	assert_int_equal(strlen(path), strlen("tokens/") + 32 + strlen(".json"));
	assert_int_equal(state_folder_mode(path), 0600);
	text = state_folder_read(path);
	assert_non_null(strstr(text, "\"manufacturer\":\"SoftHSM\""));
	assert_non_null(strstr(text, "\"model\":\"not ? utf-8\""));
	assert_non_null(strstr(text, "\"iterations\":210000"));
	assert_null(strstr(text, "geheim"));
	latch_close(take(latch));
	assert_ok(latch_open(state_folder_path(), &token, &latch, &error), &error);
	assert_false(latch_run_check(latch, &latch_shows_nothing, "geheim", false, &error));
}

static void trying_names_the_process_and_the_moment(void **state)
{
	scoped(char) char *text = NULL;
	char expected[64];
	char path[128];

	(void)state;
	latch_run("1234", LATCH_CUT);
	find_file(".json", path, sizeof(path));
	text = state_folder_read(path);
	assert_true(text_format(expected, sizeof(expected), "Z\",\"pid\":%ld}", (long)getpid()));
	assert_non_null(strstr(text, "\"trying\":{\"since\":\"20"));
	assert_non_null(strstr(text, expected));
}

#define SHORT "{\"salt\":\"00\",\"hash\":\"00\",\"iterations\":1}"

static void a_damaged_latch_latches_every_pin_and_says_which_file(void **state)
{
	static const char *const texts[] = { "", "{}", "{\"schema_version\":1}",
		"{\"schema_version\":1,\"refused\":[{}]}", "{\"schema_version\":2,\"refused\":[]}",
		"{\"schema_version\":1,\"refused\":[" SHORT "]}",
		"{\"schema_version\":1,\"refused\":[],\"trying\":{}}",
		"{\"schema_version\":1,\"refused\":[],\"trying\":7}",
		"{\"schema_version\":1,\"refused\":[],\"unknown_refused\":\"x\"}" };
	char path[128];

	(void)state;
	latch_run("1234", LATCH_CUT);
	find_file(".json", path, sizeof(path));
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct error error = ERROR_INIT;
		struct latch *latch;

		state_folder_write(path, texts[i]);
		assert_false(latch_run_may_try(&latch_shows_nothing, "1234", false));
		latch = latch_run_open();
		assert_false(latch_run_check(latch, &latch_shows_nothing, "1234", false, &error));
		assert_non_null(strstr(error.message, path));
		latch_close(latch);
		assert_true(latch_run_may_try(&latch_shows_nothing, "1234", true));
	}
	/* By hand and cut: what was not known before is not known now either. */
	latch_run("1234", LATCH_CUT);
	assert_false(latch_run_may_try(&latch_shows_nothing, "1234", false));
	latch_run("1234", LATCH_ACCEPTED);
	assert_true(latch_run_may_try(&latch_shows_nothing, "1234", false));
}

static void trying_is_on_disk_before_the_login_and_a_right_pin_costs_no_fsync(void **state)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = latch_run_open();

	(void)state;
	file_calls_leave_alone();
	assert_ok(latch_trying(latch, &error), &error);
	assert_non_null(strstr(file_calls_log(), "write fsync renameat fsync"));
	assert_int_equal(file_calls_syncs(), 2);
	file_calls_leave_alone();
	assert_ok(latch_accepted(latch, &error), &error);
	assert_int_equal(file_calls_syncs(), 0);
	assert_ok(latch_trying(latch, &error), &error);
	file_calls_leave_alone();
	assert_ok(latch_refused(latch, "1234", 4, &error), &error);
	assert_non_null(strstr(file_calls_log(), "write fsync renameat fsync"));
	/* Forgetting a refusal counts: it must not come back and latch the right PIN. */
	file_calls_leave_alone();
	assert_ok(latch_accepted(latch, &error), &error);
	assert_int_equal(file_calls_syncs(), 1);
}

/* The flags are those of a look under the lock; at its opening the latch cannot know them yet. */
static void a_cut_try_is_judged_by_what_the_token_shows_under_the_lock(void **state)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = NULL;

	(void)state;
	latch_run("1234", LATCH_CUT);
	latch = latch_run_open();
	assert_refused(latch_run_check(latch, &latch_shows_count_low, "1234", false, &error),
	    &error, ERROR_PIN);
}

static void a_refusal_that_cannot_be_noted_down_is_no_leave_to_try(void **state)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = NULL;

	(void)state;
	latch_run("1234", LATCH_CUT);
	latch = latch_run_open();
	file_calls_fail_at(3, ENOSPC);
	assert_refused(latch_run_check(latch, &latch_shows_count_low, "1234", false, &error),
	    &error, ERROR_STATE);
}

static void when_trying_cannot_be_noted_the_login_must_not_happen(void **state)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = latch_run_open();

	(void)state;
	file_calls_fail_at(3, ENOSPC);
	assert_refused(latch_trying(latch, &error), &error, ERROR_STATE);
}

static void refuse_in_child(void *context)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = latch_run_open();

	(void)context;
	assert_ok(latch_trying(latch, &error), &error);
	state_folder_write("login", "refused");
	assert_ok(latch_refused(latch, "1234", 4, &error), &error);
}

static void a_kill_anywhere_never_lets_a_refused_pin_be_tried_again(void **state)
{
	bool cut = true;

	(void)state;
	for (int at = 1; cut; at++) {
		bool refused;

		state_setup_folder(NULL);
		cut = file_calls_survive(refuse_in_child, NULL, at);
		refused = state_folder_has("login");
		assert_true(cut || refused);
		/* A token shows COUNT_LOW from the refusal on. */
		assert_int_equal(
		    latch_run_may_try(
			refused ? &latch_shows_count_low : &latch_shows_nothing, "1234", false),
		    !refused);
		assert_int_equal(latch_run_may_try(&latch_shows_nothing, "1234", false), !refused);
		latch_run("right", LATCH_ACCEPTED);
		assert_int_equal(state_folder_count(".tmp"), 0);
		state_folder_discard();
	}
}

static void the_tokens_lock_is_held_from_open_to_close_and_freed_by_a_kill(void **state)
{
	int64_t start = clock_milliseconds();
	int ready[2];
	pid_t holder;
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	holder = fork();
	if (holder == 0) {
		latch_run_open();
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(300 * 1000);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	latch_close(latch_run_open());
	assert_true(clock_milliseconds() - start >= 290);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	close(ready[0]);
	close(ready[1]);
}

static void a_state_directory_that_is_not_there_is_refused(void **state)
{
	struct error error = ERROR_INIT;
	struct latch *latch = NULL;

	(void)state;
	assert_refused(
	    latch_open("/nonexistent/state", &latch_fleet, &latch, &error), &error, ERROR_STATE);
	assert_null(latch);
	latch_close(latch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(the_file_shows_the_token_to_people_and_the_pin_to_nobody),
		IN_A_FOLDER(trying_names_the_process_and_the_moment),
		IN_A_FOLDER(a_damaged_latch_latches_every_pin_and_says_which_file),
		IN_A_FOLDER(trying_is_on_disk_before_the_login_and_a_right_pin_costs_no_fsync),
		IN_A_FOLDER(a_cut_try_is_judged_by_what_the_token_shows_under_the_lock),
		IN_A_FOLDER(a_refusal_that_cannot_be_noted_down_is_no_leave_to_try),
		IN_A_FOLDER(when_trying_cannot_be_noted_the_login_must_not_happen),
		cmocka_unit_test(a_kill_anywhere_never_lets_a_refused_pin_be_tried_again),
		IN_A_FOLDER(the_tokens_lock_is_held_from_open_to_close_and_freed_by_a_kill),
		IN_A_FOLDER(a_state_directory_that_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
