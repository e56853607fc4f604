#include "agent/state/journal.h"

#include "agent/state/store.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/fakes/file_calls.h"
#include "tests/fakes/full_journal.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

/*
 * The journal against damage, kills and full disks.
 */
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

static void an_advance_that_cannot_be_saved_stays_where_it_was(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();
	struct journal before;
	struct journal loaded;

	(void)state;
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	before = journal;
	file_calls_fail_at(3, ENOSPC);
	assert_refused(
	    journal_advance(store, &journal, PHASE_IDLE, NOW + 1, &error), &error, ERROR_STATE);
	assert_true(text_starts_with(error.message, "enter IDLE: "));
	assert_non_null(strstr(error.message, "journal.json"));
	assert_memory_equal(&journal, &before, sizeof(journal));
	loaded = load();
	assert_memory_equal(&loaded, &before, sizeof(before));
}

/* The text of a good journal with `from` replaced. */
static char *altered(const char *good, const char *from, const char *to)
{
	const char *at = strstr(good, from);
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(1024 * 1024);
	struct error error = ERROR_INIT;
	char *result;

	assert_non_null(at);
	text_printf(&text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	assert_ok(text_take(&text, &result, &error), &error);
	return result;
}

static void assert_set_aside(const char *text)
{
	struct error error = ERROR_INIT;
	struct journal journal;
	struct journal expected;
	scoped(char) char *aside = NULL;
	bool damaged = false;

	journal_clear(&expected);
	state_folder_write("orders/journal.json", text);
	assert_ok(journal_read(store, &journal, &damaged, &error), &error);
	if (!damaged)
		fail_msg("accepted: %.200s", text);
	assert_true(state_folder_has("orders/journal.json"));
	assert_ok(journal_load(store, &journal, &damaged, &error), &error);
	assert_true(damaged);
	assert_memory_equal(&journal, &expected, sizeof(expected));
	assert_false(state_folder_has("orders/journal.json"));
	aside = state_folder_read("orders/journal.json.damaged");
	assert_string_equal(aside, text);
}

static void a_damaged_journal_is_set_aside(void **state)
{
	static const struct {
		const char *from, *to;
	} changes[] = {
		{ "\"schema_version\":1", "\"schema_version\":2" },
		{ "\"schema_version\":1,", "" },
		{ "\"KEYED\"", "\"keyed\"" },
		{ "\"KEYED\"", "\"COUNT\"" },
		{ "\"KEYED\"", "2" },
		{ "\"KEYED\"", "\"IDLE\"" }, /* with a renewal under way */
		{ "\"renewal\":{", "\"other\":{" },
		{ "\"key_id\":\"aa", "\"key_id\":\"a" },
		{ "\"key_id\":\"aa", "\"key_id\":\"AA" },
		{ "\"key_id\":\"aa", "\"key_id\":\"aaaa" },
		{ "\"key_id\":", "\"key_id\":null,\"x\":" },
		{ "\"key_token\":\"t", "\"key_token\":\"tt" },
		{ "\"key_token\":\"", "\"key_token\":7,\"x\":\"" },
		{ "\"key_bits\":4096", "\"key_bits\":-1" },
		{ "\"key_bits\":4096", "\"key_bits\":4096.5" },
		{ "\"generation\":4294967294", "\"generation\":0" },
		{ "\"generation\":4294967294", "\"generation\":4294967296" },
		{ "\"nameless_before\":2147483647", "\"nameless_before\":-2" },
		{ "\"nameless_before\":2147483647", "\"nameless_before\":2147483648" },
		{ "\"generating\":true", "\"generating\":1" },
		{ "\"generating\":true,", "" },
		{ "\"keyed\":\"2027", "\"keyed\":\"2O27" },
		{ "\"keyed\":\"2027-01-15T08:00:01Z\"", "\"keyed\":1800000001" },
		{ "\"last_generation\":4294967295,", "" },
		{ "\"failures\":4294967295", "\"failures\":4294967296" },
		{ "\"failures\":4294967295", "\"failures\":\"1\"" },
		{ "\"last_error\":\"", "\"last_error\":\"no" },
		{ "\"last_error\":\"", "\"last_error\":null,\"x\":\"" },
		{ "\"last_message\":\"m", "\"last_message\":\"mm" },
		{ "\"request_id\":\"", "\"request_id\":\"x" },
		{ "\"reenroll\":true", "\"reenroll\":\"true\"" },
		{ "\"reenroll\":true", "\"reenroll\":true,\"reenroll\":true" },
		{ "\"spent_tokens\":[", "\"spent_tokens\":[\"00\"," },
		{ "\"spent_tokens\":[", "\"spent_tokens\":[7," },
		{ "\"spent_tokens\":[\"df", "\"spent_tokens\":[\"" },
		{ "\"spent_tokens\":[\"df", "\"spent_tokens\":[\"DF" },
		{ "\"spent_tokens\":[", "\"x\":[" },
	};
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();
	scoped(char) char *good = NULL;

	(void)state;
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	good = state_folder_read("orders/journal.json");
	for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
		scoped(char) char *text = altered(good, changes[i].from, changes[i].to);

		assert_set_aside(text);
	}
}

static void what_is_no_json_object_is_set_aside(void **state)
{
	static const char *const texts[] = { "", "\n", "{", "[]", "null", "{} {}", "\"journal\"",
		"{\"schema_version\":1}", "\xff" };
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();
	scoped(char) char *good = NULL;
	scoped(char) char *long_text = calloc(1, 300 * 1024);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		assert_set_aside(texts[i]);
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	good = state_folder_read("orders/journal.json");
	for (size_t length = strlen(good) - 2; length > 100; length -= length / 10) {
		good[length] = '\0';
		assert_set_aside(good);
	}
	assert_non_null(long_text);
	memset(long_text, ' ', 300 * 1024 - 1);
	assert_set_aside(long_text);
}

static void a_symlink_in_the_place_of_the_journal_is_set_aside_and_not_followed(void **state)
{
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();
	bool damaged;

	(void)state;
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	assert_int_equal(
	    renameat(store_folder(store), "journal.json", store_folder(store), "elsewhere"), 0);
	assert_int_equal(symlinkat("elsewhere", store_folder(store), "journal.json"), 0);
	assert_ok(journal_load(store, &journal, &damaged, &error), &error);
	assert_true(damaged);
	assert_int_equal(journal.phase, PHASE_IDLE);
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	load();
}

static void what_announces_a_deed_is_on_disk_before_it(void **state)
{
	/* One fsync keeps the journal whole, the second makes its new state the one that counts. */
	static const int syncs[PHASE_COUNT] = {
		[PHASE_IDLE] = 2,
		[PHASE_PLANNED] = 2,
		[PHASE_KEYED] = 1,
		[PHASE_ISSUED] = 1,
		[PHASE_VERIFIED] = 1,
		[PHASE_PROVEN] = 2,
		[PHASE_ACTIVE] = 1,
		[PHASE_REJECTED] = 2,
	};
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();

	(void)state;
	for (unsigned phase = 0; phase < PHASE_COUNT; phase++) {
		file_calls_leave_alone();
		assert_ok(journal_advance(store, &journal, (enum phase)phase, NOW, &error), &error);
		assert_int_equal(file_calls_syncs(), syncs[phase]);
		assert_non_null(strstr(file_calls_log(), "write fsync renameat"));
		journal = full_journal();
	}
	file_calls_leave_alone();
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	assert_int_equal(file_calls_syncs(), 2);
}

static void advance_to_idle(void *context)
{
	struct error error = ERROR_INIT;
	struct journal journal = load();

	(void)context;
	assert_ok(journal_advance(store, &journal, PHASE_IDLE, NOW, &error), &error);
}

static void a_kill_anywhere_leaves_the_old_journal_or_the_new_one(void **state)
{
	bool cut = true;

	(void)state;
	for (int at = 1; cut; at++) {
		struct error error = ERROR_INIT;
		struct journal journal = full_journal();
		struct journal left;

		assert_ok(journal_save(store, &journal, NOW, &error), &error);
		cut = file_calls_survive(advance_to_idle, NULL, at);
		assert_true(cut || at > 5);
		left = load();
		if (left.phase == PHASE_KEYED)
			assert_memory_equal(&left, &journal, sizeof(left));
		else
			assert_int_equal(left.phase, PHASE_IDLE);
		assert_true(cut || left.phase == PHASE_IDLE);
		assert_ok(journal_save(store, &left, NOW, &error), &error);
		assert_int_equal(state_folder_count(".tmp"), 0);
	}
}

/* Root opens every file: the test needs somebody else. */
static void a_journal_of_another_user_says_as_whom_to_run(void **state)
{
	static const char said[] =
	    "/journal.json: Permission denied; it belongs to the user with the id 0, "
	    "but this runs as 12345: run it as that user";
	struct error error = ERROR_INIT;
	struct journal journal = full_journal();
	pid_t child;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_ok(journal_save(store, &journal, NOW, &error), &error);
	child = fork();
	if (child == 0) {
		bool damaged;

		if (setresuid(12345, 12345, 12345) != 0
		    || journal_read(store, &journal, &damaged, &error))
			_exit(1);
		_exit(error.kind == ERROR_PERMISSION && strstr(error.message, said) ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_STORE(an_advance_that_cannot_be_saved_stays_where_it_was),
		WITH_A_STORE(a_damaged_journal_is_set_aside),
		WITH_A_STORE(what_is_no_json_object_is_set_aside),
		WITH_A_STORE(a_symlink_in_the_place_of_the_journal_is_set_aside_and_not_followed),
		WITH_A_STORE(a_journal_of_another_user_says_as_whom_to_run),
		WITH_A_STORE(what_announces_a_deed_is_on_disk_before_it),
		WITH_A_STORE(a_kill_anywhere_leaves_the_old_journal_or_the_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
