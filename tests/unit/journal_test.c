#include "agent/state/journal.h"

#include "agent/state/store.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/fakes/full_journal.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/test.h"

#include <string.h>
#include <sys/stat.h>

#define NOW AUTHORITY_NOW

static struct store *store;

static struct journal load(void)
{
	struct error error = ERROR_INIT;
	struct journal journal;
	bool damaged;

	assert_ok(journal_load(store, &journal, &damaged, &error), &error);
	assert_false(damaged);
	return journal;
}

static struct journal fresh(void)
{
	struct journal journal;

	journal_clear(&journal);
	return journal;
}

static void an_absent_journal_is_idle_and_has_not_looked_for_nameless_objects(void **state)
{
	struct journal journal = load();
	struct journal expected;

	(void)state;
	memset(&expected, 0, sizeof(expected));
	expected.nameless_before = -1;
	assert_memory_equal(&journal, &expected, sizeof(journal));
	assert_int_equal(journal.phase, PHASE_IDLE);
	assert_false(state_folder_has("orders/journal.json"));
}

static void what_was_saved_is_loaded(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();
	struct journal loaded;
	scoped(char) char *text = NULL;

	(void)state;
	assert_ok(journal_save(store, &journal, NOW + 9, &error), &error);
	assert_int_equal(journal.saved, NOW + 9);
	loaded = load();
	assert_memory_equal(&loaded, &journal, sizeof(journal));
	assert_int_equal(state_folder_mode("orders/journal.json"), 0600);
	text = state_folder_read("orders/journal.json");
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_non_null(strstr(text, "\"entered\":\"2027-01-15T08:00:00Z\""));
}

static void every_phase_and_every_kind_of_error_comes_back(void **state)
{
	(void)state;
	for (int i = 0; i < PHASE_COUNT || i < ERROR_KIND_COUNT; i++) {
		struct error error = ERROR_INIT;
		struct journal journal = full_journal();
		struct journal loaded;

		journal.phase = (enum phase)(i % PHASE_COUNT);
		journal.last_error = (enum error_kind)(i % ERROR_KIND_COUNT);
		assert_ok(journal_save(store, &journal, NOW, &error), &error);
		loaded = load();
		assert_int_equal(loaded.phase, journal.phase);
		assert_int_equal(loaded.last_error, journal.last_error);
	}
}

static void texts_that_are_not_utf_8_and_clocks_before_1970_do_not_damage_the_journal(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();
	struct journal loaded;

	(void)state;
	assert_true(text_copy(journal.last_message, sizeof(journal.last_message), "cut \xc3"));
	assert_true(text_copy(journal.key_label, sizeof(journal.key_label), "\xff"));
	journal.entered = -1;
	journal.next_attempt = INT64_MIN;
	journal.last_run = INT64_MAX;
	assert_ok(journal_save(store, &journal, -5, &error), &error);
	loaded = load();
	assert_string_equal(loaded.last_message, "cut ?");
	assert_string_equal(loaded.key_label, "?");
	assert_int_equal(loaded.entered, 0);
	assert_int_equal(loaded.next_attempt, 0);
	assert_int_equal(loaded.saved, 0);
}

static void entering_idle_forgets_the_renewal_and_nothing_else(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();
	struct journal expected = full_journal();
	struct journal loaded;

	(void)state;
	assert_ok(journal_advance(store, &journal, PHASE_IDLE, NOW + 60, &error), &error);
	loaded = load();
	assert_memory_equal(&loaded, &journal, sizeof(journal));
	assert_int_equal(loaded.entered, NOW + 60);
	assert_int_equal(loaded.generation, 0);
	assert_string_equal(loaded.key_id, "");
	assert_string_equal(loaded.key_label, "");
	assert_string_equal(loaded.director_url, "");
	assert_int_equal(loaded.nameless_before, -1);
	assert_int_equal(loaded.keyed, 0);
	assert_int_equal(loaded.last_generation, expected.last_generation);
	assert_int_equal(loaded.failures, expected.failures);
	assert_memory_equal(
	    loaded.spent_tokens, expected.spent_tokens, sizeof(expected.spent_tokens));
}

static void a_planned_number_is_the_last_one_from_then_on(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();

	(void)state;
	journal.generation = 12;
	journal.last_generation = 11;
	assert_ok(journal_advance(store, &journal, PHASE_PLANNED, NOW, &error), &error);
	assert_ok(journal_advance(store, &journal, PHASE_IDLE, NOW, &error), &error);
	assert_int_equal(load().last_generation, 12);
}

static void numbers_go_on_above_what_is_in_the_store(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = fresh();

	(void)state;
	journal.last_generation = 3;
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	assert_int_equal(load().last_generation, 3);
	assert_int_equal(mkdirat(store_folder(store), "generations/7", 0755), 0);
	assert_int_equal(load().last_generation, 7);
	assert_int_equal(mkdirat(store_folder(store), "generations/9.tmp", 0755), 0);
	assert_int_equal(load().last_generation, 9);
	journal.phase = PHASE_PLANNED;
	journal.generation = 12;
	assert_true(text_copy(journal.key_id, sizeof(journal.key_id), "0a"));
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	assert_int_equal(load().last_generation, 12);
}

static void a_journal_older_than_the_store_does_not_give_up_the_active_key(void **state)
{
	static const struct {
		enum phase in, out;
	} rows[] = {
		{ PHASE_PLANNED, PHASE_PROVEN },
		{ PHASE_KEYED, PHASE_PROVEN },
		{ PHASE_VERIFIED, PHASE_PROVEN },
		{ PHASE_REJECTED, PHASE_PROVEN },
		{ PHASE_PROVEN, PHASE_PROVEN },
		{ PHASE_ACTIVE, PHASE_ACTIVE },
	};
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(mkdirat(store_folder(store), "generations/5", 0755), 0);
	assert_ok(store_activate(store, 5, &error), &error);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct journal journal = full_journal();

		journal.phase = rows[i].in;
		journal.generation = 5;
		assert_ok(journal_save(store, &journal, NOW, &error), &error);
		assert_int_equal(load().phase, rows[i].out);
		journal.generation = 6;
		assert_ok(journal_save(store, &journal, NOW, &error), &error);
		assert_int_equal(load().phase, rows[i].in);
	}
}

static void a_journal_older_than_the_store_offers_no_spare_key_that_was_taken(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();

	(void)state;
	assert_int_equal(mkdirat(store_folder(store), "generations/5", 0755), 0);
	assert_ok(store_activate(store, 5, &error), &error);
	journal.generation = 6;
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	journal = load();
	assert_true(journal_has_spare(&journal));
	journal.generation = 5;
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	journal = load();
	assert_int_equal(journal.phase, PHASE_PROVEN);
	assert_true(journal_is_renewing(&journal));
	journal.spare = true;
	journal.generation = 4;
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	journal = load();
	assert_int_equal(journal.phase, PHASE_IDLE);
	assert_false(journal.spare);
	assert_string_equal(journal.key_id, "");
}

/* Its key is that of the generation that was left. */
static void a_spare_key_that_was_taken_is_not_offered_after_going_back(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();

	(void)state;
	assert_int_equal(mkdirat(store_folder(store), "generations/4", 0755), 0);
	assert_int_equal(mkdirat(store_folder(store), "generations/5", 0755), 0);
	assert_ok(store_activate(store, 4, &error), &error);
	journal.generation = 5;
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	assert_int_equal(load().phase, PHASE_IDLE);
	journal.generation = 6;
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	journal = load();
	assert_true(journal_has_spare(&journal));
}

static void a_key_in_a_file_has_no_id_in_the_journal(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = fresh();
	struct journal loaded;
	bool damaged = false;

	(void)state;
	journal.existing = true;
	journal.enrolment = true;
	journal.generation = 7;
	assert_ok(journal_advance(store, &journal, PHASE_PROVEN, NOW, &error), &error);
	assert_ok(journal_load(store, &loaded, &damaged, &error), &error);
	assert_false(damaged);
	assert_true(loaded.existing && loaded.enrolment);
	assert_int_equal(loaded.generation, 7);
	assert_string_equal(loaded.key_id, "");
	assert_ok(journal_advance(store, &loaded, PHASE_IDLE, NOW, &error), &error);
	assert_false(loaded.existing);
}

static void a_spare_key_is_no_renewal(void **state)
{
	static const struct {
		enum phase phase;
		bool spare, is_renewing, has_spare, lacks_spare;
	} rows[] = {
		{ PHASE_IDLE, false, false, false, true },
		{ PHASE_PLANNED, false, true, false, false },
		{ PHASE_PLANNED, true, false, false, true },
		{ PHASE_KEYED, false, true, false, false },
		{ PHASE_KEYED, true, false, true, false },
		{ PHASE_REJECTED, true, false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct journal journal = fresh();

		journal.phase = rows[i].phase;
		journal.spare = rows[i].spare;
		assert_int_equal(journal_is_renewing(&journal), rows[i].is_renewing);
		assert_int_equal(journal_has_spare(&journal), rows[i].has_spare);
		assert_int_equal(journal_lacks_spare(&journal, NOW), rows[i].lacks_spare);
	}
}

static void a_spare_key_that_could_not_be_made_is_lacking_after_its_backoff(void **state)
{
	struct journal journal = fresh();

	(void)state;
	journal.spare_next_attempt = NOW + 1;
	assert_false(journal_lacks_spare(&journal, NOW));
	assert_true(journal_lacks_spare(&journal, NOW + 1));
	/* Written by a clock that had jumped ahead. */
	journal.spare_next_attempt = NOW + 86401;
	assert_true(journal_lacks_spare(&journal, NOW));
}

static void a_spent_token_is_known_until_very_many_others_came(void **state)
{
	struct journal journal = fresh();

	(void)state;
	assert_false(journal_token_is_spent(&journal, "first", 5));
	journal_note_spent_token(&journal, "first", 5);
	assert_true(journal_token_is_spent(&journal, "first", 5));
	assert_false(journal_token_is_spent(&journal, "first", 4));
	assert_false(journal_token_is_spent(&journal, "", 0));
	for (unsigned i = 0; i < JOURNAL_SPENT_TOKENS - 1; i++)
		journal_note_spent_token(&journal, &i, sizeof(i));
	/* Once more is not another one. */
	journal_note_spent_token(&journal, "first", 5);
	assert_true(journal_token_is_spent(&journal, "first", 5));
	journal_note_spent_token(&journal, "last", 4);
	assert_false(journal_token_is_spent(&journal, "first", 5));
	assert_true(journal_token_is_spent(&journal, "last", 4));
	for (unsigned i = 0; i < JOURNAL_SPENT_TOKENS - 1; i++)
		assert_true(journal_token_is_spent(&journal, &i, sizeof(i)));
}

static void a_forgotten_token_is_not_spent_and_the_others_still_are(void **state)
{
	static const char *const tokens[] = { "first", "middle", "last" };
	struct journal journal = fresh();

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(tokens); i++)
		journal_note_spent_token(&journal, tokens[i], strlen(tokens[i]));
	journal_forget_spent_token(&journal, "middle", 6);
	journal_forget_spent_token(&journal, "unknown", 7);
	assert_true(journal_token_is_spent(&journal, "first", 5));
	assert_false(journal_token_is_spent(&journal, "middle", 6));
	assert_true(journal_token_is_spent(&journal, "last", 4));
	journal = full_journal();
	journal_note_spent_token(&journal, "newest", 6);
	journal_forget_spent_token(&journal, "newest", 6);
	assert_false(journal_token_is_spent(&journal, "newest", 6));
	assert_string_equal(journal.spent_tokens[JOURNAL_SPENT_TOKENS - 1], "");
}

static void certificates_are_counted_within_a_day(void **state)
{
	struct journal journal = fresh();

	(void)state;
	assert_int_equal(journal_next_certificate(&journal, 1, NOW), 0);
	journal_count_certificate(&journal, NOW);
	journal_count_certificate(&journal, NOW + 3600);
	assert_int_equal(journal.certificates, 2);
	assert_int_equal(journal_next_certificate(&journal, 3, NOW + 3600), 0);
	assert_int_equal(journal_next_certificate(&journal, 2, NOW + 86399), NOW + 86400);
	assert_int_equal(journal_next_certificate(&journal, 2, NOW + 86400), 0);
	/* The day was begun by a clock that was ahead. */
	assert_int_equal(journal_next_certificate(&journal, 2, NOW - 1), 0);
	journal_count_certificate(&journal, NOW + 86400);
	assert_int_equal(journal.certificates, 1);
	assert_int_equal(journal.certificates_since, NOW + 86400);
}

static void a_token_is_written_down_as_its_sha_256_only(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = fresh();
	scoped(char) char *text = NULL;

	(void)state;
	journal_note_spent_token(&journal, "abc", 3);
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	text = state_folder_read("orders/journal.json");
	assert_null(strstr(text, "\"abc\""));
	/* FIPS 180-2, B.1 */
	assert_non_null(
	    strstr(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_STORE(an_absent_journal_is_idle_and_has_not_looked_for_nameless_objects),
		WITH_A_STORE(what_was_saved_is_loaded),
		WITH_A_STORE(every_phase_and_every_kind_of_error_comes_back),
		WITH_A_STORE(
		    texts_that_are_not_utf_8_and_clocks_before_1970_do_not_damage_the_journal),
		WITH_A_STORE(entering_idle_forgets_the_renewal_and_nothing_else),
		WITH_A_STORE(a_planned_number_is_the_last_one_from_then_on),
		WITH_A_STORE(numbers_go_on_above_what_is_in_the_store),
		WITH_A_STORE(a_journal_older_than_the_store_does_not_give_up_the_active_key),
		WITH_A_STORE(a_journal_older_than_the_store_offers_no_spare_key_that_was_taken),
		WITH_A_STORE(a_spare_key_that_was_taken_is_not_offered_after_going_back),
		WITH_A_STORE(a_key_in_a_file_has_no_id_in_the_journal),
		cmocka_unit_test(a_spare_key_is_no_renewal),
		cmocka_unit_test(a_spare_key_that_could_not_be_made_is_lacking_after_its_backoff),
		cmocka_unit_test(a_spent_token_is_known_until_very_many_others_came),
		cmocka_unit_test(a_forgotten_token_is_not_spent_and_the_others_still_are),
		cmocka_unit_test(certificates_are_counted_within_a_day),
		WITH_A_STORE(a_token_is_written_down_as_its_sha_256_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
