#include "agent/state/store.h"

#include "agent/x509/distrust.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/fakes/file_calls.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/store_run.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <string.h>

/*
 * Each operation is cut before every system call that changes a file, and each of these calls is
 * made to fail: nothing may be lost, and the same operation again, as the next run does it, must
 * leave nothing behind.
 */

/* The operations that are cut. Each comes to the same end when it is started again. */
static struct generation next;

static bool open_again(struct error *error)
{
	struct store *store = NULL;
	bool opened = store_open(state_folder_path(), STATE_FOLDER_IDENTITY, true, &store, error);

	store_close(store);
	return opened;
}

static bool with_store(
    bool (*work)(const struct store *store, struct error *error), struct error *error)
{
	scoped(store) struct store *store = NULL;

	return store_open(state_folder_path(), STATE_FOLDER_IDENTITY, false, &store, error)
	       && work(store, error);
}

static bool renew(const struct store *store, struct error *error)
{
	uint32_t number;

	/* What a journal would know. */
	return store_active(store, &number, error)
	       && (number == 2 || store_write(store, &next, error))
	       && store_activate(store, 2, error);
}

static bool remove_first(const struct store *store, struct error *error)
{
	return store_remove(store, 1, error);
}

static bool revoke_first(const struct store *store, struct error *error)
{
	return store_mark_revoked(store, 1, error);
}

static bool refresh(const struct store *store, struct error *error)
{
	const struct distrust nobody = { .count = 0 };

	return store_refresh_ca_bundle(store, 0, AUTHORITY_NOW, &nobody, error);
}

static bool renew_again(struct error *error)
{
	return with_store(renew, error);
}

static bool remove_again(struct error *error)
{
	return with_store(remove_first, error);
}

static bool revoke_again(struct error *error)
{
	return with_store(revoke_first, error);
}

static bool refresh_again(struct error *error)
{
	return with_store(refresh, error);
}

static const struct operation {
	bool (*run)(struct error *error);
	uint32_t active_before, active_after;
} operations[] = {
	{ open_again, 0, 0 },
	{ renew_again, 1, 2 },
	{ remove_again, 2, 2 },
	{ revoke_again, 2, 2 },
	{ refresh_again, 1, 1 },
};

static void prepare(const struct operation *operation)
{
	scoped(store) struct store *store = NULL;

	state_folder_make();
	if (operation->active_before == 0)
		return;
	store = state_folder_open();
	for (uint32_t number = 1; number <= operation->active_before; number++) {
		store_run_write(store, number);
		store_run_activate(store, number);
	}
}

static void check_after_cut(const struct operation *operation)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = NULL;

	assert_ok(
	    store_open(state_folder_path(), STATE_FOLDER_IDENTITY, false, &store, &error), &error);
	if (!store) /* cut before there was one */
		return;
	assert_true(store_run_active(store) == operation->active_before
		    || store_run_active(store) == operation->active_after);
	store_run_assert_sound(store);
}

static void check_at_the_end(const struct operation *operation)
{
	scoped(store) struct store *store = state_folder_open();

	assert_int_equal(store_run_active(store), operation->active_after);
	store_run_assert_sound(store);
	assert_int_equal(state_folder_count(".tmp"), 0);
}

static void run_operation(void *context)
{
	const struct operation *operation = context;
	struct error error = ERROR_INIT;

	if (!operation->run(&error))
		abort();
}

static void cut_everywhere(const struct operation *operation)
{
	bool cut = true;

	for (int at = 1; cut; at++) {
		struct error error = ERROR_INIT;

		prepare(operation);
		cut = file_calls_survive(run_operation, (void *)(uintptr_t)operation, at);
		assert_true(cut || at > 2);
		check_after_cut(operation);
		assert_ok(operation->run(&error), &error);
		check_at_the_end(operation);
		state_folder_discard();
	}
}

static void a_kill_anywhere_loses_nothing_and_leaves_nothing(void **state)
{
	(void)state;
	next = state_folder_generation(2);
	for (size_t i = 0; i < ARRAY_LENGTH(operations); i++)
		cut_everywhere(&operations[i]);
	generation_clear(&next);
}

static void fail_everywhere(const struct operation *operation, int error_number)
{
	int count = 1;

	for (int at = 1; at <= count; at++) {
		struct error error = ERROR_INIT;

		prepare(operation);
		file_calls_fail_at(at, error_number);
		if (!operation->run(&error)) {
			assert_int_equal(
			    error.kind, error_number == ENOSPC ? ERROR_STATE : ERROR_PERMISSION);
			assert_non_null(strstr(error.message, strerror(error_number)));
		}
		count = file_calls_count();
		file_calls_leave_alone();
		check_after_cut(operation);
		assert_ok(operation->run(&error), &error);
		check_at_the_end(operation);
		state_folder_discard();
	}
}

static void a_full_disk_or_one_that_is_read_only_loses_nothing_and_leaves_nothing(void **state)
{
	(void)state;
	next = state_folder_generation(2);
	for (size_t i = 0; i < ARRAY_LENGTH(operations); i++)
		fail_everywhere(&operations[i], i % 2 == 0 ? ENOSPC : EROFS);
	generation_clear(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kill_anywhere_loses_nothing_and_leaves_nothing),
		cmocka_unit_test(
		    a_full_disk_or_one_that_is_read_only_loses_nothing_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
