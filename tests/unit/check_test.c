#include "agent/job/check.h"

#include "agent/job/job.h"
#include "base/json.h"
#include "base/record.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <string.h>
#include <sys/socket.h>

static struct check failed(enum check_id id)
{
	struct check check = { .id = id };
	struct error error = ERROR_INIT;

	(void)error_set(&error, ERROR_PIN, "a message");
	check_set_failed(&check, "a cure", &error);
	return check;
}

static void names_are_words_with_hyphens_and_each_its_own(void **state)
{
	(void)state;
	for (enum check_id a = 0; a < CHECK_COUNT; a++) {
		const char *name = check_name(a);

		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-1"), strlen(name));
		for (enum check_id b = 0; b < a; b++)
			assert_string_not_equal(name, check_name(b));
	}
}

static void a_check_is_skipped_with_what_it_needs(void **state)
{
	struct check_list list = { NULL, 0 };
	struct check check = failed(CHECK_MODULE);

	(void)state;
	check_list_add(&list, &check);
	check = (struct check){ .id = CHECK_TOKEN };
	assert_false(check_may_run(&list, &check));
	assert_int_equal(check.result, CHECK_SKIPPED);
	assert_string_equal(check.message, "needs module, which failed");
	check_list_add(&list, &check);
	check = (struct check){ .id = CHECK_PIN_STATE };
	assert_false(check_may_run(&list, &check));
	assert_string_equal(check.message, "needs token, which was skipped");
	check = (struct check){ .id = CHECK_URL };
	assert_true(check_may_run(&list, &check));
	check_list_clear(&list);
}

static void a_warning_holds_nothing_up(void **state)
{
	struct check_list list = { NULL, 0 };
	struct check check = { .id = CHECK_TOKEN };

	(void)state;
	check_set_warning(&check, "a cure", "write protected");
	check_list_add(&list, &check);
	check = (struct check){ .id = CHECK_PIN_STATE };
	assert_true(check_may_run(&list, &check));
	check_list_clear(&list);
}

static void no_check_needs_one_that_comes_after_it(void **state)
{
	(void)state;
	for (enum check_id id = 0; id < CHECK_COUNT; id++) {
		struct check_list list = { NULL, 0 };
		struct check check;

		for (enum check_id later = id; later < CHECK_COUNT; later++) {
			check = failed(later);
			check_list_add(&list, &check);
		}
		check = (struct check){ .id = id };
		assert_true(check_may_run(&list, &check));
		check_list_clear(&list);
	}
}

static void a_list_has_an_end(void **state)
{
	struct check_list list = { NULL, 0 };
	const struct check check = failed(CHECK_KEY_ATTRIBUTES);

	(void)state;
	for (int i = 0; i < CHECKS_MAX + 10; i++)
		check_list_add(&list, &check);
	assert_int_equal(list.count, CHECKS_MAX);
	check_list_clear(&list);
	assert_int_equal(list.count, 0);
}

static void messages_are_one_printable_line(void **state)
{
	struct check check = { .id = CHECK_MODULE };

	(void)state;
	check_set_ok(&check, "a\nmodule \033[31m");
	assert_string_equal(check.message, "a?module ?[31m");
}

static void a_check_arrives_as_it_was_sent(void **state)
{
	struct note note = { .kind = NOTE_CHECK, .check = failed(CHECK_PIN_LATCH) };
	struct error error = ERROR_INIT;
	struct outcome outcome;
	enum report_kind kind;
	struct note received;
	int ends[2];

	(void)state;
	memset(note.check.message, 'm', sizeof(note.check.message) - 1);
	memset(note.check.cure, 'c', sizeof(note.check.cure) - 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_ok(note_send(ends[0], &note, &error), &error);
	assert_ok(report_receive(ends[1], &kind, &received, &outcome, &error), &error);
	assert_int_equal(received.kind, NOTE_CHECK);
	assert_int_equal(received.check.id, CHECK_PIN_LATCH);
	assert_int_equal(received.check.result, CHECK_FAIL);
	assert_int_equal(received.check.kind, ERROR_PIN);
	assert_string_equal(received.check.message, note.check.message);
	assert_string_equal(received.check.cure, note.check.cure);
	close(ends[0]);
	close(ends[1]);
}

static void a_check_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *member, *value;
	} wrong[] = {
		{ "name", "nonsense" },
		{ "result", "good" },
		{ "error", "sorrow" },
	};
	const struct check check = failed(CHECK_TOKEN);
	struct check received;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		scoped(cJSON) cJSON *object = record_new();
		struct error error = ERROR_INIT;

		json_add_string(object, "error", error_name(check.kind));
		check_to_json(&check, object);
		assert_ok(check_from_json(object, &received, &error), &error);
		cJSON_DeleteItemFromObjectCaseSensitive(object, wrong[i].member);
		json_add_string(object, wrong[i].member, wrong[i].value);
		assert_refused(check_from_json(object, &received, &error), &error, ERROR_INTERNAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_words_with_hyphens_and_each_its_own),
		cmocka_unit_test(a_check_is_skipped_with_what_it_needs),
		cmocka_unit_test(a_warning_holds_nothing_up),
		cmocka_unit_test(no_check_needs_one_that_comes_after_it),
		cmocka_unit_test(a_list_has_an_end),
		cmocka_unit_test(messages_are_one_printable_line),
		cmocka_unit_test(a_check_arrives_as_it_was_sent),
		cmocka_unit_test(a_check_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
