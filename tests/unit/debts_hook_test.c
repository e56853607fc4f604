#include "agent/state/debts.h"

#include "agent/state/store.h"
#include "base/text.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/test.h"

#include <string.h>

#define NOW INT64_C(1800000000)
#define OLD "0a0b"

static void add(struct debts *debts, enum hook_event event, uint32_t generation, const char *run_id)
{
	struct error error = ERROR_INIT;
	const char *old_issuer = event == HOOK_CA_CHANGED ? OLD : NULL;

	assert_ok(
	    debts_add_hook(debts, event, generation, run_id, old_issuer, NOW, &error), &error);
}

/* As after a hook that has failed. */
static void put_off(struct debt *debt)
{
	debt->attempts = 2;
	debt->next_attempt = NOW + 60;
	assert_true(text_copy(debt->last_error, sizeof(debt->last_error), "exit status 1"));
}

static void what_was_saved_is_loaded(void **state)
{
	struct store *store = state_folder_shared();
	struct error error = ERROR_INIT;
	struct debts debts = { .count = 0 };
	struct debts loaded;
	bool damaged = true;

	(void)state;
	add(&debts, HOOK_CA_CHANGED, 3, "run");
	add(&debts, HOOK_FAILED, 3, "run");
	put_off(&debts.list[1]);
	assert_ok(debts_save(store, &debts, &error), &error);
	assert_ok(debts_load(store, &loaded, &damaged, &error), &error);
	assert_false(damaged);
	assert_int_equal(loaded.count, 2);
	assert_memory_equal(loaded.list, debts.list, 2 * sizeof(debts.list[0]));
	assert_string_equal(loaded.list[0].old_issuer, OLD);
}

static void an_event_that_is_none_is_damage(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts;
	bool damaged = false;

	(void)state;
	state_folder_write("orders/debts.json", "{\"schema_version\":1,\"debts\":[{\"kind\":"
						"\"hook\",\"event\":\"moved\",\"generation\":1,"
						"\"attempts\":0}]}");
	assert_ok(debts_load(state_folder_shared(), &debts, &damaged, &error), &error);
	assert_true(damaged);
}

static void an_activation_is_owed_once_whoever_tells_of_it(void **state)
{
	struct debts debts = { .count = 0 };

	(void)state;
	add(&debts, HOOK_RENEWED, 3, "run");
	put_off(&debts.list[0]);
	add(&debts, HOOK_RENEWED, 3, "another");
	assert_int_equal(debts.count, 1);
	assert_int_equal(debts.list[0].attempts, 2);
	assert_string_equal(debts.list[0].run_id, "run");
}

static void the_next_activation_takes_its_place_and_is_tried_at_once(void **state)
{
	struct debts debts = { .count = 0 };

	(void)state;
	add(&debts, HOOK_RENEWED, 3, "run");
	put_off(&debts.list[0]);
	add(&debts, HOOK_RENEWED, 4, "another");
	assert_int_equal(debts.count, 1);
	assert_int_equal(debts.list[0].generation, 4);
	assert_int_equal(debts.list[0].attempts, 0);
	assert_string_equal(debts.list[0].last_error, "");
	assert_true(debts_is_payable(&debts, 0, NOW));
}

static void each_failed_run_is_an_event_of_its_own(void **state)
{
	struct debts debts = { .count = 0 };

	(void)state;
	add(&debts, HOOK_FAILED, 3, "run");
	put_off(&debts.list[0]);
	add(&debts, HOOK_FAILED, 3, "run");
	assert_int_equal(debts.list[0].attempts, 2);
	add(&debts, HOOK_FAILED, 3, "another");
	assert_int_equal(debts.count, 1);
	assert_int_equal(debts.list[0].attempts, 0);
}

static void the_ca_that_was_heard_of_last_is_the_old_one(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts = { .count = 0 };

	(void)state;
	add(&debts, HOOK_CA_CHANGED, 3, "run");
	assert_ok(debts_add_hook(&debts, HOOK_CA_CHANGED, 4, "another", "ff", NOW, &error), &error);
	assert_int_equal(debts.count, 1);
	assert_int_equal(debts.list[0].generation, 4);
	assert_string_equal(debts.list[0].old_issuer, OLD);
}

static void a_key_that_has_just_been_replaced_waits_for_the_hook(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts = { .count = 0 };

	(void)state;
	assert_ok(debts_add_destruction_after_hook(&debts, 3, "0a", NULL, NOW, &error), &error);
	assert_ok(debts_add(&debts, DEBT_DESTROY_KEY, 2, "0b", NULL, NOW, &error), &error);
	add(&debts, HOOK_RENEWED, 4, "run");
	assert_false(debts_is_payable(&debts, 0, NOW));
	assert_true(debts_is_payable(&debts, 1, NOW));
	debts_drop(&debts, (size_t)debts_find_hook(&debts, HOOK_RENEWED));
	assert_true(debts_is_payable(&debts, 0, NOW));
}

/* Nothing is destroyed later because it is owed once more. */
static void a_key_that_is_owed_already_waits_for_no_hook(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts = { .count = 0 };

	(void)state;
	assert_ok(debts_add(&debts, DEBT_DESTROY_KEY, 3, "0a", NULL, NOW, &error), &error);
	assert_ok(debts_add_destruction_after_hook(&debts, 3, "0a", NULL, NOW, &error), &error);
	assert_int_equal(debts.count, 1);
	assert_false(debts.list[0].after_hook);
}

static void no_worker_is_needed_for_a_hook(void **state)
{
	struct debts debts = { .count = 0 };

	(void)state;
	add(&debts, HOOK_RENEWED, 3, "run");
	assert_true(debts_is_payable(&debts, 0, NOW));
	assert_false(debts_are_payable(&debts, NOW));
}

static void a_certificate_is_not_revoked_before_its_users_have_heard_of_the_next(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts = { .count = 0 };

	(void)state;
	assert_ok(debts_add(&debts, DEBT_REVOKE, 2, NULL, NULL, NOW, &error), &error);
	add(&debts, HOOK_FAILED, 3, "run");
	assert_true(debts_are_payable(&debts, NOW));
	add(&debts, HOOK_RENEWED, 3, "run");
	assert_false(debts_are_payable(&debts, NOW));
	debts_drop(&debts, (size_t)debts_find_hook(&debts, HOOK_RENEWED));
	assert_true(debts_are_payable(&debts, NOW));
}

static void what_is_not_owed_is_not_found(void **state)
{
	struct debts debts = { .count = 0 };

	(void)state;
	assert_int_equal(debts_find_hook(&debts, HOOK_RENEWED), -1);
	add(&debts, HOOK_RENEWED, 3, "run");
	assert_int_equal(debts_find_hook(&debts, HOOK_RENEWED), 0);
	assert_int_equal(debts_find_hook(&debts, HOOK_FAILED), -1);
}

static void one_hook_too_many_is_an_error(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts = { .count = DEBTS_MAX };

	(void)state;
	assert_refused(
	    debts_add_hook(&debts, HOOK_RENEWED, 3, "run", NULL, NOW, &error), &error, ERROR_STATE);
	assert_int_equal(debts.count, DEBTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_saved_is_loaded),
		cmocka_unit_test(an_event_that_is_none_is_damage),
		cmocka_unit_test(an_activation_is_owed_once_whoever_tells_of_it),
		cmocka_unit_test(the_next_activation_takes_its_place_and_is_tried_at_once),
		cmocka_unit_test(each_failed_run_is_an_event_of_its_own),
		cmocka_unit_test(the_ca_that_was_heard_of_last_is_the_old_one),
		cmocka_unit_test(a_key_that_has_just_been_replaced_waits_for_the_hook),
		cmocka_unit_test(a_key_that_is_owed_already_waits_for_no_hook),
		cmocka_unit_test(no_worker_is_needed_for_a_hook),
		cmocka_unit_test(
		    a_certificate_is_not_revoked_before_its_users_have_heard_of_the_next),
		cmocka_unit_test(what_is_not_owed_is_not_found),
		cmocka_unit_test(one_hook_too_many_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
