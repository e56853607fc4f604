#include "agent/state/store.h"

#include "base/file.h"
#include "base/text.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/store_run.h"
#include "tests/unit/test.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * Opening the store, and what is in it. Its generations are in store_load_test.c and
 * store_write_test.c.
 */
static void a_missing_folder_is_made_and_without_make_only_looked_for(void **state)
{
	struct error error = ERROR_INIT;
	struct store *store = (struct store *)&error;
	mode_t umask_before = umask(0077);

	(void)state;
	assert_ok(store_open(state_folder_path(), "orders", false, &store, &error), &error);
	assert_null(store);
	assert_ok(store_open(state_folder_path(), "orders", true, &store, &error), &error);
	umask(umask_before);
	assert_int_equal(state_folder_mode("."), 0755);
	assert_int_equal(state_folder_mode("orders"), 0755);
	assert_int_equal(state_folder_mode("orders/generations"), 0755);
	assert_string_equal(store_path(store) + strlen(state_folder_path()), "/orders");
	store_close(store);
	assert_ok(store_open(state_folder_path(), "other", false, &store, &error), &error);
	assert_null(store);
	assert_ok(store_open(state_folder_path(), "orders", false, &store, &error), &error);
	assert_non_null(store);
	store_close(store);
}

static void a_state_directory_without_a_parent_is_refused(void **state)
{
	struct error error = ERROR_INIT;
	struct store *store = NULL;
	char path[128];
	char cure[256];

	(void)state;
	assert_true(text_format(path, sizeof(path), "%s/deep/er", state_folder_path()));
	assert_true(text_format(
	    cure, sizeof(cure), "make %s/deep first, or set state_directory", state_folder_path()));
	assert_refused(store_open(path, "orders", true, &store, &error), &error, ERROR_CONFIG);
	assert_non_null(strstr(error.message, path));
	assert_non_null(strstr(error.message, cure));
}

static void a_file_in_the_place_of_a_folder_is_refused(void **state)
{
	struct error error = ERROR_INIT;
	struct store *store = NULL;

	(void)state;
	assert_int_equal(mkdir(state_folder_path(), 0755), 0);
	state_folder_write("orders", "a file");
	assert_false(store_open(state_folder_path(), "orders", true, &store, &error));
	assert_false(store_open(state_folder_path(), "orders", false, &store, &error));
	assert_non_null(strstr(error.message, "orders"));
	assert_null(store);
}

static void a_folder_that_everybody_may_write_to_is_refused_with_the_cure(void **state)
{
	struct error error = ERROR_INIT;
	struct store *store = NULL;

	(void)state;
	assert_int_equal(mkdir(state_folder_path(), 0755), 0);
	assert_int_equal(chmod(state_folder_path(), 0777), 0);
	assert_refused(store_open(state_folder_path(), "orders", true, &store, &error), &error,
	    ERROR_PERMISSION);
	assert_non_null(strstr(error.message, "chmod o-w"));
	assert_int_equal(chmod(state_folder_path(), 01777), 0);
	assert_ok(store_open(state_folder_path(), "orders", true, &store, &error), &error);
	store_close(store);
	assert_int_equal(chmod(state_folder_path(), 0755), 0);
	assert_int_equal(chdir(state_folder_path()), 0);
	assert_int_equal(chmod("orders", 0757), 0);
	assert_refused(store_open(state_folder_path(), "orders", false, &store, &error), &error,
	    ERROR_PERMISSION);
}

static void a_folder_of_another_user_is_read_but_not_written(void **state)
{
	struct error error = ERROR_INIT;
	struct store *store = NULL;

	(void)state;
	if (geteuid() != 0)
		skip();
	store_close(state_folder_open());
	assert_int_equal(chown(state_folder_path(), 65534, 65534), 0);
	assert_refused(store_open(state_folder_path(), "orders", true, &store, &error), &error,
	    ERROR_PERMISSION);
	assert_non_null(strstr(error.message, "65534"));
	assert_ok(store_open(state_folder_path(), "orders", false, &store, &error), &error);
	store_close(store);
}

static void names_that_lead_elsewhere_or_are_taken_are_refused(void **state)
{
	static const char *const names[] = { "", ".", "..", ".hidden", "a/b", "tokens", "tag" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct error error = ERROR_INIT;
		struct store *store = NULL;

		assert_refused(store_open(state_folder_path(), names[i], true, &store, &error),
		    &error, ERROR_CONFIG);
	}
	assert_false(state_folder_has("."));
}

static void the_tag_is_made_once_and_stays(void **state)
{
	struct error error = ERROR_INIT;
	struct store *store = state_folder_open();
	char tag[STORE_TAG_SIZE];

	(void)state;
	assert_true(text_copy(tag, sizeof(tag), store_tag(store)));
	assert_int_equal(strspn(tag, "0123456789abcdef"), 8);
	store_close(store);
	store = state_folder_open();
	assert_string_equal(store_tag(store), tag);
	store_close(store);
	assert_ok(store_open(state_folder_path(), "other", true, &store, &error), &error);
	assert_string_equal(store_tag(store), tag);
	store_close(store);
	assert_int_equal(state_folder_mode("tag"), 0644);
}

static void a_tag_that_is_none_is_refused_and_not_replaced(void **state)
{
	static const char *const tags[] = { "", "0a1b2c3", "0a1b2c3d4\n", "0a1b2c3g\n" };

	(void)state;
	assert_int_equal(mkdir(state_folder_path(), 0755), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(tags); i++) {
		struct error error = ERROR_INIT;
		struct store *store = NULL;
		char *tag;

		state_folder_write("tag", tags[i]);
		assert_refused(store_open(state_folder_path(), "orders", true, &store, &error),
		    &error, ERROR_DAMAGED);
		tag = state_folder_read("tag");
		assert_string_equal(tag, tags[i]);
		free(tag);
	}
}

#define FIRST_RUNS 16

static void first_runs_at_once_agree_on_one_tag(void **state)
{
	char first[STORE_TAG_SIZE] = "";
	int answers[2];

	(void)state;
	assert_int_equal(pipe(answers), 0);
	for (int i = 0; i < FIRST_RUNS; i++) {
		if (fork() == 0) {
			struct store *store = state_folder_open();

			bool sent =
			    write(answers[1], store_tag(store), STORE_TAG_SIZE) == STORE_TAG_SIZE;

			store_close(store);
			_exit(!sent);
		}
	}
	for (int i = 0; i < FIRST_RUNS; i++) {
		char tag[STORE_TAG_SIZE];
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		assert_int_equal(read(answers[0], tag, sizeof(tag)), sizeof(tag));
		if (i == 0)
			memcpy(first, tag, sizeof(first));
		assert_string_equal(tag, first);
	}
	close(answers[0]);
	close(answers[1]);
}

static void without_current_nothing_is_active(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = state_folder_open();
	uint32_t number = 7;

	(void)state;
	assert_ok(store_active(store, &number, &error), &error);
	assert_int_equal(number, 0);
}

static void a_current_that_is_not_ours_is_damaged(void **state)
{
	static const char *const targets[] = { "generations/9", "generations/", "generations/01",
		"generations/0", "generations/1/", "generations/../1", "generations/4294967296",
		"generations/+1", "generations/1.tmp", "/etc", "1", "../orders/generations/1" };
	scoped(store) struct store *store = store_run_open_with_two();

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		struct error error = ERROR_INIT;
		uint32_t number;

		assert_int_equal(unlinkat(store_folder(store), "current", 0), 0);
		assert_int_equal(symlinkat(targets[i], store_folder(store), "current"), 0);
		assert_refused(store_active(store, &number, &error), &error, ERROR_DAMAGED);
		assert_non_null(strstr(error.message, "enroll"));
	}
}

static void a_current_that_is_a_file_is_damaged(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = store_run_open_with_two();
	uint32_t number;

	(void)state;
	assert_int_equal(unlinkat(store_folder(store), "current", 0), 0);
	state_folder_write("orders/current", "generations/1");
	assert_refused(store_active(store, &number, &error), &error, ERROR_DAMAGED);
	assert_ok(store_activate(store, 2, &error), &error);
	assert_ok(store_active(store, &number, &error), &error);
	assert_int_equal(number, 2);
}

static void each_activation_is_written_where_programs_can_watch_for_it(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = store_run_open_with_two();
	scoped(char) char *text = NULL;
	scoped(char) char *again = NULL;
	size_t length;

	(void)state;
	assert_ok(store_activate(store, 2, &error), &error);
	assert_ok(
	    file_read(store_folder(store), "activated", 16, "activated", &text, &length, &error),
	    &error);
	assert_string_equal(text, "2\n");
	/* Also by the run that goes on after a kill behind the rename. */
	assert_int_equal(unlinkat(store_folder(store), "activated", 0), 0);
	assert_ok(store_activate(store, 2, &error), &error);
	assert_ok(
	    file_read(store_folder(store), "activated", 16, "activated", &again, &length, &error),
	    &error);
	assert_string_equal(again, "2\n");
}

static void a_damaged_current_is_replaced_by_the_next_activation(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = store_run_open_with_two();
	scoped(generation) struct generation third = state_folder_generation(3);
	uint32_t number;

	(void)state;
	assert_int_equal(unlinkat(store_folder(store), "current", 0), 0);
	assert_int_equal(symlinkat("generations/9", store_folder(store), "current"), 0);
	assert_ok(store_write(store, &third, &error), &error);
	assert_ok(store_activate(store, 3, &error), &error);
	assert_ok(store_active(store, &number, &error), &error);
	assert_int_equal(number, 3);
}

static void generations_are_listed_in_their_order(void **state)
{
	static const char *const others[] = { "12", "3", "100", "007", "x", "5.tmp", "200.tmp",
		"4294967296", "6.bak", ".tmp" };
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = state_folder_open();
	uint32_t numbers[STORE_GENERATIONS_MAX];
	uint32_t highest;
	size_t count;
	char path[64];

	(void)state;
	assert_ok(store_list(store, numbers, &count, &error), &error);
	assert_int_equal(count, 0);
	assert_ok(store_highest(store, &highest, &error), &error);
	assert_int_equal(highest, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		assert_true(text_format(path, sizeof(path), "generations/%s", others[i]));
		assert_int_equal(mkdirat(store_folder(store), path, 0755), 0);
	}
	assert_ok(store_list(store, numbers, &count, &error), &error);
	assert_int_equal(count, 3);
	assert_int_equal(numbers[0], 3);
	assert_int_equal(numbers[1], 12);
	assert_int_equal(numbers[2], 100);
	assert_ok(store_highest(store, &highest, &error), &error);
	assert_int_equal(highest, 200);
}

static void more_generations_than_are_kept_are_an_error_that_says_so(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = state_folder_open();
	uint32_t numbers[STORE_GENERATIONS_MAX];
	size_t count;
	char path[64];

	(void)state;
	for (int i = 1; i <= STORE_GENERATIONS_MAX + 1; i++) {
		assert_true(text_format(path, sizeof(path), "generations/%d", i));
		assert_int_equal(mkdirat(store_folder(store), path, 0755), 0);
		if (i == STORE_GENERATIONS_MAX)
			assert_ok(store_list(store, numbers, &count, &error), &error);
	}
	assert_int_equal(count, STORE_GENERATIONS_MAX);
	assert_refused(store_list(store, numbers, &count, &error), &error, ERROR_STATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BEFORE_ANY_STATE(a_missing_folder_is_made_and_without_make_only_looked_for),
		BEFORE_ANY_STATE(a_state_directory_without_a_parent_is_refused),
		BEFORE_ANY_STATE(a_file_in_the_place_of_a_folder_is_refused),
		BEFORE_ANY_STATE(a_folder_that_everybody_may_write_to_is_refused_with_the_cure),
		BEFORE_ANY_STATE(a_folder_of_another_user_is_read_but_not_written),
		BEFORE_ANY_STATE(names_that_lead_elsewhere_or_are_taken_are_refused),
		BEFORE_ANY_STATE(the_tag_is_made_once_and_stays),
		BEFORE_ANY_STATE(a_tag_that_is_none_is_refused_and_not_replaced),
		BEFORE_ANY_STATE(first_runs_at_once_agree_on_one_tag),
		BEFORE_ANY_STATE(without_current_nothing_is_active),
		BEFORE_ANY_STATE(a_current_that_is_not_ours_is_damaged),
		BEFORE_ANY_STATE(a_current_that_is_a_file_is_damaged),
		BEFORE_ANY_STATE(each_activation_is_written_where_programs_can_watch_for_it),
		BEFORE_ANY_STATE(a_damaged_current_is_replaced_by_the_next_activation),
		BEFORE_ANY_STATE(generations_are_listed_in_their_order),
		BEFORE_ANY_STATE(more_generations_than_are_kept_are_an_error_that_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
