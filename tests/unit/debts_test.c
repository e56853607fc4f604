#include "agent/state/debts.h"

#include "agent/state/schedule.h"

#include "agent/state/store.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/fakes/file_calls.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/test.h"

#include <string.h>

#define NOW AUTHORITY_NOW

static struct store *store;

static struct debts load(void)
{
	struct error error = ERROR_INIT;
	struct debts debts;
	bool damaged;

	assert_ok(debts_load(store, &debts, &damaged, &error), &error);
	assert_false(damaged);
	return debts;
}

static void add(struct debts *debts, enum debt_kind kind, uint32_t generation, const char *key_id)
{
	struct error error = ERROR_INIT;

	assert_ok(debts_add(debts, kind, generation, key_id, NULL, NOW, &error), &error);
}

static struct debts sample(void)
{
	struct debts debts;

	memset(&debts, 0, sizeof(debts));
	add(&debts, DEBT_REVOKE, 3, NULL);
	debts.list[0].sent = true;
	add(&debts, DEBT_DESTROY_KEY, 2, "0a0b");
	add(&debts, DEBT_DESTROY_KEY, 0, "ff");
	debts.list[2].after_hook = true;
	assert_true(text_copy(debts.list[1].token, sizeof(debts.list[1].token), "pkcs11:token=a"));
	debts.list[1].attempts = UINT32_MAX;
	debts.list[1].next_attempt = NOW + 60;
	memset(debts.list[1].last_error, 'e', sizeof(debts.list[1].last_error) - 1);
	return debts;
}

static void assert_same(const struct debts *a, const struct debts *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_int_equal(a->list[i].kind, b->list[i].kind);
		assert_int_equal(a->list[i].generation, b->list[i].generation);
		assert_string_equal(a->list[i].key_id, b->list[i].key_id);
		assert_string_equal(a->list[i].token, b->list[i].token);
		assert_int_equal(a->list[i].sent, b->list[i].sent);
		assert_int_equal(a->list[i].after_hook, b->list[i].after_hook);
		assert_int_equal(a->list[i].since, b->list[i].since);
		assert_int_equal(a->list[i].attempts, b->list[i].attempts);
		assert_int_equal(a->list[i].next_attempt, b->list[i].next_attempt);
		assert_string_equal(a->list[i].last_error, b->list[i].last_error);
	}
}

static void absent_debts_are_none(void **state)
{
	(void)state;
	assert_int_equal(load().count, 0);
	assert_false(state_folder_has("orders/debts.json"));
}

static void what_was_saved_is_loaded_in_the_same_order(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts = sample();
	struct debts loaded;

	(void)state;
	assert_ok(debts_save(store, &debts, &error), &error);
	loaded = load();
	assert_same(&loaded, &debts);
	assert_int_equal(state_folder_mode("orders/debts.json"), 0600);
}

static void the_last_one_paid_leaves_no_file(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts = sample();

	(void)state;
	assert_ok(debts_save(store, &debts, &error), &error);
	while (debts.count > 0)
		debts_drop(&debts, 0);
	assert_ok(debts_save(store, &debts, &error), &error);
	assert_ok(debts_save(store, &debts, &error), &error);
	assert_false(state_folder_has("orders/debts.json"));
	assert_int_equal(load().count, 0);
}

static void the_same_debt_is_not_owed_twice(void **state)
{
	struct debts debts = sample();

	(void)state;
	add(&debts, DEBT_REVOKE, 3, NULL);
	add(&debts, DEBT_REVOKE, 3, "");
	add(&debts, DEBT_DESTROY_KEY, 2, "0a0b");
	assert_int_equal(debts.count, 3);
	assert_int_equal(debts.list[1].attempts, UINT32_MAX);
	add(&debts, DEBT_REVOKE, 4, NULL);
	add(&debts, DEBT_DESTROY_KEY, 2, "0a0c");
	add(&debts, DEBT_DESTROY_KEY, 3, NULL);
	assert_int_equal(debts.count, 6);
}

static void a_key_id_that_is_none_is_refused(void **state)
{
	static const char *const ids[] = { "0", "0A", "xy",
		"00000000000000000000000000000000000000000000000000000000000000000000" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
		struct error error = ERROR_INIT;
		struct debts debts = sample();

		assert_refused(debts_add(&debts, DEBT_DESTROY_KEY, 1, ids[i], NULL, NOW, &error),
		    &error, ERROR_INTERNAL);
		assert_int_equal(debts.count, 3);
	}
}

static void one_debt_too_many_is_an_error_and_the_others_stay(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts;

	(void)state;
	memset(&debts, 0, sizeof(debts));
	for (uint32_t i = 1; i <= DEBTS_MAX; i++)
		add(&debts, DEBT_REVOKE, i, NULL);
	assert_refused(
	    debts_add(&debts, DEBT_REVOKE, 100, NULL, NULL, NOW, &error), &error, ERROR_STATE);
	add(&debts, DEBT_REVOKE, DEBTS_MAX, NULL);
	assert_int_equal(debts.count, DEBTS_MAX);
	assert_ok(debts_save(store, &debts, &error), &error);
	assert_int_equal(load().count, DEBTS_MAX);
}

static void a_dropped_debt_leaves_the_others_in_their_order(void **state)
{
	struct debts debts = sample();

	(void)state;
	debts_drop(&debts, 1);
	assert_int_equal(debts.count, 2);
	assert_int_equal(debts.list[0].kind, DEBT_REVOKE);
	assert_string_equal(debts.list[1].key_id, "ff");
	debts_drop(&debts, 1);
	assert_int_equal(debts.count, 1);
	assert_int_equal(debts.list[0].kind, DEBT_REVOKE);
}

static void debts_are_payable_when_one_of_them_is_due(void **state)
{
	struct debts debts;

	(void)state;
	memset(&debts, 0, sizeof(debts));
	assert_false(debts_are_payable(&debts, NOW));
	add(&debts, DEBT_REVOKE, 1, NULL);
	add(&debts, DEBT_REVOKE, 2, NULL);
	assert_true(debts_are_payable(&debts, NOW));
	debts.list[0].next_attempt = NOW + 60;
	debts.list[1].next_attempt = NOW + 30;
	assert_false(debts_are_payable(&debts, NOW + 29));
	assert_true(debts_are_payable(&debts, NOW + 30));
}

static void a_key_waits_until_its_certificate_is_revoked(void **state)
{
	struct debts debts;

	(void)state;
	memset(&debts, 0, sizeof(debts));
	add(&debts, DEBT_DESTROY_KEY, 1, "0a");
	add(&debts, DEBT_REVOKE, 1, NULL);
	assert_false(debts_is_payable(&debts, 0, NOW));
	assert_true(debts_is_payable(&debts, 1, NOW));
	debts.list[1].next_attempt = NOW + 60;
	assert_false(debts_are_payable(&debts, NOW));
	debts.list[1].generation = 2;
	assert_true(debts_is_payable(&debts, 0, NOW));
}

static void a_moment_beyond_every_backoff_counts_as_come(void **state)
{
	struct debts debts;

	(void)state;
	memset(&debts, 0, sizeof(debts));
	add(&debts, DEBT_REVOKE, 1, NULL);
	debts.list[0].next_attempt = NOW + SCHEDULE_BACKOFF_MAX;
	assert_false(debts_are_payable(&debts, NOW));
	debts.list[0].next_attempt++;
	assert_true(debts_are_payable(&debts, NOW));
}

static void a_message_cut_inside_of_a_character_does_not_damage_the_file(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts = sample();

	(void)state;
	assert_true(
	    text_copy(debts.list[0].last_error, sizeof(debts.list[0].last_error), "na\xc3"));
	assert_ok(debts_save(store, &debts, &error), &error);
	assert_string_equal(load().list[0].last_error, "na?");
}

#define DEBT                                                                                       \
	"{\"kind\":\"revoke\",\"generation\":1,\"key_id\":null,\"since\":null,\"attempts\":0,"     \
	"\"next_attempt\":null,\"last_error\":null}"

static void damaged_debts_are_set_aside_and_count_as_none(void **state)
{
	static const char *const texts[] = { "", "{}", "{\"schema_version\":1}",
		"{\"schema_version\":1,\"debts\":{}}", "{\"schema_version\":2,\"debts\":[]}",
		"{\"schema_version\":1,\"debts\":[" DEBT ",{}]}",
		"{\"schema_version\":1,\"debts\":[" DEBT ",7]}",
		"{\"schema_version\":1,\"debts\":[{\"kind\":\"pay\",\"generation\":1,"
		"\"attempts\":0}]}",
		"{\"schema_version\":1,\"debts\":[{\"kind\":\"revoke\",\"generation\":-1,"
		"\"attempts\":0}]}",
		"{\"schema_version\":1,\"debts\":[{\"kind\":\"revoke\",\"generation\":1,"
		"\"attempts\":0,\"key_id\":\"0\"}]}",
		"{\"schema_version\":1,\"debts\":[{\"kind\":\"revoke\",\"generation\":1,"
		"\"attempts\":0,\"since\":\"yesterday\"}]}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct error error = ERROR_INIT;
		struct debts debts = sample();
		bool damaged = false;
		scoped(char) char *aside = NULL;

		state_folder_write("orders/debts.json", texts[i]);
		assert_ok(debts_read(store, &debts, &damaged, &error), &error);
		assert_true(damaged);
		assert_int_equal(debts.count, 0);
		assert_true(state_folder_has("orders/debts.json"));
		assert_ok(debts_load(store, &debts, &damaged, &error), &error);
		assert_true(damaged);
		assert_int_equal(debts.count, 0);
		aside = state_folder_read("orders/debts.json.damaged");
		assert_string_equal(aside, texts[i]);
		assert_int_equal(load().count, 0);
	}
	state_folder_write("orders/debts.json", "{\"schema_version\":1,\"debts\":[" DEBT "]}");
	assert_int_equal(load().count, 1);
}

static void more_debts_than_there_is_room_for_are_damage(void **state)
{
	struct error error = ERROR_INIT;
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(64 * 1024);
	struct debts debts;
	bool damaged;

	(void)state;
	text_printf(&text, "{\"schema_version\":1,\"debts\":[" DEBT);
	for (int i = 0; i < DEBTS_MAX; i++)
		text_printf(&text, "," DEBT);
	text_printf(&text, "]}");
	state_folder_write("orders/debts.json", text.data);
	assert_ok(debts_load(store, &debts, &damaged, &error), &error);
	assert_true(damaged);
	assert_int_equal(debts.count, 0);
}

static void a_debt_is_on_disk_when_it_is_saved_and_a_paid_one_need_not_be(void **state)
{
	struct error error = ERROR_INIT;
	struct debts debts = sample();

	(void)state;
	file_calls_leave_alone();
	assert_ok(debts_save(store, &debts, &error), &error);
	assert_non_null(strstr(file_calls_log(), "write fsync renameat fsync"));
	assert_int_equal(file_calls_syncs(), 2);
	debts.count = 0;
	file_calls_leave_alone();
	assert_ok(debts_save(store, &debts, &error), &error);
	assert_int_equal(file_calls_syncs(), 0);
}

static void save_one(void *context)
{
	struct error error = ERROR_INIT;
	struct debts debts = sample();

	(void)context;
	debts.count = 1;
	assert_ok(debts_save(store, &debts, &error), &error);
}

static void a_kill_anywhere_leaves_the_old_debts_or_the_new_ones(void **state)
{
	bool cut = true;

	(void)state;
	for (int at = 1; cut; at++) {
		struct error error = ERROR_INIT;
		struct debts debts = sample();

		assert_ok(debts_save(store, &debts, &error), &error);
		cut = file_calls_survive(save_one, NULL, at);
		assert_true(cut || at > 5);
		debts = load();
		assert_true(debts.count == 1 || (cut && debts.count == 3));
		debts.count = 0;
		assert_ok(debts_save(store, &debts, &error), &error);
		assert_int_equal(state_folder_count(".tmp"), 0);
	}
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(debt_kind_name(DEBT_DESTROY_KEY), "destroy_key");
	assert_string_equal(debt_kind_name(DEBT_REVOKE), "revoke");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_STORE(absent_debts_are_none),
		WITH_A_STORE(what_was_saved_is_loaded_in_the_same_order),
		WITH_A_STORE(the_last_one_paid_leaves_no_file),
		cmocka_unit_test(the_same_debt_is_not_owed_twice),
		cmocka_unit_test(a_key_id_that_is_none_is_refused),
		WITH_A_STORE(one_debt_too_many_is_an_error_and_the_others_stay),
		cmocka_unit_test(a_dropped_debt_leaves_the_others_in_their_order),
		cmocka_unit_test(debts_are_payable_when_one_of_them_is_due),
		cmocka_unit_test(a_key_waits_until_its_certificate_is_revoked),
		cmocka_unit_test(a_moment_beyond_every_backoff_counts_as_come),
		WITH_A_STORE(a_message_cut_inside_of_a_character_does_not_damage_the_file),
		WITH_A_STORE(damaged_debts_are_set_aside_and_count_as_none),
		WITH_A_STORE(more_debts_than_there_is_room_for_are_damage),
		WITH_A_STORE(a_debt_is_on_disk_when_it_is_saved_and_a_paid_one_need_not_be),
		WITH_A_STORE(a_kill_anywhere_leaves_the_old_debts_or_the_new_ones),
		cmocka_unit_test(every_kind_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
