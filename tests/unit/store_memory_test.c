/*
 * What a store that remembers still reads anew, and what it hands out.
 */
#include "agent/state/store.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/store_run.h"
#include "tests/unit/test.h"

static struct store *store;
static struct error error;

static int open_with_two(void **state)
{
	(void)state;
	error = (struct error)ERROR_INIT;
	state_folder_make();
	store = store_run_open_with_two();
	return 0;
}

static void damage(void)
{
	state_folder_write("orders/generations/1/ca.pem", "x");
}

static void load(uint32_t number, struct generation *ret_generation)
{
	assert_ok(store_load(store, number, ret_generation, &error), &error);
}

static void nothing_is_remembered_unasked(void **state)
{
	scoped(generation) struct generation first = { 0 };
	scoped(generation) struct generation second = { 0 };

	(void)state;
	load(1, &first);
	damage();
	assert_refused(store_load(store, 1, &second, &error), &error, ERROR_DAMAGED);
}

static void what_was_loaded_is_not_read_again(void **state)
{
	scoped(generation) struct generation first = { 0 };
	scoped(generation) struct generation second = { 0 };

	(void)state;
	store_remember(store);
	load(1, &first);
	damage();
	load(1, &second);
	assert_ptr_equal(first.certificate, second.certificate);
	assert_int_equal(sk_X509_num(second.chain), 1);
	assert_string_equal(first.key_uri, second.key_uri);
	assert_ptr_not_equal(first.key_uri, second.key_uri);
	assert_string_equal(first.key_id, second.key_id);
	assert_string_equal(first.key_label, second.key_label);
	assert_string_equal(first.director_url, second.director_url);
	assert_null(second.connector_url);
	assert_true(second.same_issuer);
	assert_int_equal(first.activated, second.activated);
}

static void which_one_is_active_is_looked_at_every_time(void **state)
{
	scoped(generation) struct generation before = { 0 };
	scoped(generation) struct generation after = { 0 };

	(void)state;
	store_remember(store);
	load(2, &before);
	assert_int_equal(before.activated, 0);
	assert_ok(store_activate(store, 2, &error), &error);
	load(2, &after);
	assert_true(after.activated > 0);
}

static void a_generation_that_is_written_anew_is_read_anew(void **state)
{
	scoped(generation) struct generation changed = state_folder_generation(2);
	scoped(generation) struct generation first = { 0 };
	scoped(generation) struct generation second = { 0 };

	(void)state;
	store_remember(store);
	load(2, &first);
	changed.same_issuer = !changed.same_issuer;
	assert_ok(store_write(store, &changed, &error), &error);
	load(2, &second);
	assert_int_not_equal(first.same_issuer, second.same_issuer);
}

static void a_mark_of_revocation_is_seen(void **state)
{
	scoped(generation) struct generation before = { 0 };
	scoped(generation) struct generation after = { 0 };

	(void)state;
	store_remember(store);
	load(1, &before);
	assert_ok(store_mark_revoked(store, 1, &error), &error);
	load(1, &after);
	assert_false(before.revoked);
	assert_true(after.revoked);
}

static void a_removed_generation_is_gone(void **state)
{
	scoped(generation) struct generation before = { 0 };
	scoped(generation) struct generation after = { 0 };

	(void)state;
	store_remember(store);
	load(1, &after);
	generation_clear(&after);
	load(2, &before);
	assert_ok(store_remove(store, 2, &error), &error);
	assert_refused(store_load(store, 2, &after, &error), &error, ERROR_DAMAGED);
	load(1, &after);
	assert_int_equal(after.number, 1);
}

#define WITH_TWO(test)                                                                             \
	cmocka_unit_test_prestate_setup_teardown(test, open_with_two, state_setup_close, &store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TWO(nothing_is_remembered_unasked),
		WITH_TWO(what_was_loaded_is_not_read_again),
		WITH_TWO(which_one_is_active_is_looked_at_every_time),
		WITH_TWO(a_generation_that_is_written_anew_is_read_anew),
		WITH_TWO(a_mark_of_revocation_is_seen),
		WITH_TWO(a_removed_generation_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
