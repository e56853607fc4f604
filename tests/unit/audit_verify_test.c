#include "agent/audit/audit_verify.h"

#include "agent/audit/audit.h"
#include "agent/state/store.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/test.h"

#include <inttypes.h>
#include <string.h>

#define LOG "orders/" AUDIT_NAME
#define LINES 6

static struct store *store;

/* A log of some lines, in pieces to be put together otherwise. */
struct lines {
	char *text[LINES];
	char hash[LINES][AUDIT_HASH_SIZE];
};

static struct lines write_lines(void)
{
	struct lines lines;
	char *log;
	char *at;

	for (int i = 0; i < LINES; i++) {
		scoped(cJSON) cJSON *facts = json_new_object();
		struct error error = ERROR_INIT;

		json_add_integer(facts, "generation", i + 1);
		assert_ok(audit_append(store,
			      &(struct audit_event){ "certificate_activated", facts, NULL, NULL },
			      &error),
		    &error);
	}
	log = state_folder_read(LOG);
	at = log;
	for (int i = 0; i < LINES; i++) {
		size_t length = strcspn(at, "\n") + 1;

		lines.text[i] = strndup(at, length);
		audit_line_hash(at, length, lines.hash[i]);
		at += length;
	}
	free(log);
	return lines;
}

static void forget(struct lines *lines)
{
	for (int i = 0; i < LINES; i++)
		free(lines->text[i]);
}

/* The lines in this order, "0" being the first. */
static void put(const struct lines *lines, const char *order)
{
	scoped(text) struct text_buffer log = TEXT_BUFFER_INIT(1 << 16);

	for (; *order; order++)
		assert_true(text_add_string(&log, lines->text[*order - '0']));
	state_folder_write_bytes(LOG, log.data ? log.data : "", log.length);
}

static void assert_broken(int64_t at, const char *part)
{
	const struct audit_remembered nothing = { .count = 0 };
	struct audit_findings findings;
	struct error error = ERROR_INIT;

	assert_refused(
	    audit_verify(store, &nothing, &findings, &error), &error, ERROR_VERIFICATION);
	if (!strstr(error.message, part))
		fail_msg("\"%s\" does not say \"%s\"", error.message, part);
	assert_int_equal(findings.broken_at, at);
	assert_int_equal(findings.count, at - 1);
}

static void a_chain_that_is_whole_is_good(void **state)
{
	const struct audit_remembered nothing = { .count = 0 };
	struct lines lines = write_lines();
	struct audit_findings findings;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(audit_verify(store, &nothing, &findings, &error), &error);
	assert_int_equal(findings.count, LINES);
	assert_string_equal(findings.sha256, lines.hash[LINES - 1]);
	assert_int_equal(findings.broken_at, 0);
	forget(&lines);
}

static void a_line_that_is_missing_is_found(void **state)
{
	struct lines lines = write_lines();

	(void)state;
	put(&lines, "0145");
	assert_broken(3, "line 3 has the number 5: 2 lines before it were taken out");
	put(&lines, "12345");
	assert_broken(1, "line 1 has the number 2: 1 line before it was taken out");
	forget(&lines);
}

static void lines_in_another_order_are_found(void **state)
{
	struct lines lines = write_lines();

	(void)state;
	put(&lines, "021345");
	assert_broken(2, "line 2 has the number 3: lines were brought into another order");
	put(&lines, "0012345");
	assert_broken(2, "line 2 has the number 1: lines were repeated");
	forget(&lines);
}

static void a_line_that_was_changed_is_found(void **state)
{
	struct lines lines = write_lines();
	char *digit = strstr(lines.text[2], "\"generation\":3");

	(void)state;
	assert_non_null(digit);
	digit[strlen("\"generation\":")] = '9';
	put(&lines, "012345");
	assert_broken(4, "line 3 was changed after line 4 was written");
	memset(digit, '"', 3);
	put(&lines, "012345");
	assert_broken(3, "line 3 was changed: ");
	forget(&lines);
}

static void bytes_between_lines_are_found(void **state)
{
	struct lines lines = write_lines();
	char longer[AUDIT_LINE_MAX];

	(void)state;
	assert_true(text_format(longer, sizeof(longer), "%s\n", lines.text[1]));
	free(lines.text[1]);
	lines.text[1] = text_duplicate(longer);
	put(&lines, "012345");
	assert_broken(3, "line 3 was changed");
	forget(&lines);
}

static void a_line_without_end_is_found(void **state)
{
	char zeros[3 * AUDIT_LINE_MAX];
	struct lines lines = write_lines();

	(void)state;
	memset(zeros, ' ', sizeof(zeros));
	state_folder_write_bytes(LOG, zeros, sizeof(zeros));
	assert_broken(1, "line 1 was changed: it is too long");
	forget(&lines);
}

static bool verify_with(const char *text, struct audit_findings *findings, struct error *error)
{
	struct audit_remembered remembered;

	assert_ok(audit_remembered_parse(text, &remembered, error), error);
	return audit_verify(store, &remembered, findings, error);
}

static void a_remembered_head_is_found_as_head_or_ancestor(void **state)
{
	struct lines lines = write_lines();
	struct audit_findings findings;
	struct error error = ERROR_INIT;
	char text[96];

	(void)state;
	assert_ok(verify_with(lines.hash[LINES - 1], &findings, &error), &error);
	assert_int_equal(findings.remembered_at, LINES);
	assert_ok(verify_with(lines.hash[0], &findings, &error), &error);
	assert_int_equal(findings.remembered_at, 1);
	assert_true(text_format(text, sizeof(text), "3:%s", lines.hash[2]));
	assert_ok(verify_with(text, &findings, &error), &error);
	assert_int_equal(findings.remembered_at, 3);
	forget(&lines);
}

static void assert_head_refused(const char *text, const char *part)
{
	struct audit_findings findings;
	struct error error = ERROR_INIT;

	assert_refused(verify_with(text, &findings, &error), &error, ERROR_VERIFICATION);
	if (!strstr(error.message, part))
		fail_msg("\"%s\" does not say \"%s\"", error.message, part);
	assert_int_equal(findings.broken_at, 0);
}

static void a_tail_that_was_cut_is_found_by_a_remembered_head(void **state)
{
	struct lines lines = write_lines();
	char text[96];

	(void)state;
	put(&lines, "0123");
	assert_head_refused(
	    lines.hash[LINES - 1], "the tail was cut off, or the chain was rewritten");
	assert_true(text_format(text, sizeof(text), "%d:%s", LINES, lines.hash[LINES - 1]));
	assert_head_refused(text, "the tail was cut off: there are 4 lines, and there were 6 when");
	put(&lines, "");
	assert_head_refused(text, "there are 0 lines");
	forget(&lines);
}

static void a_chain_that_was_rewritten_is_found_by_a_remembered_head(void **state)
{
	struct lines lines = write_lines();
	struct lines rewritten;
	char text[96];

	(void)state;
	assert_true(text_format(text, sizeof(text), "4:%s", lines.hash[3]));
	state_folder_write(LOG, "");
	rewritten = write_lines();
	/* The same second may give the same lines; another event may not. */
	if (text_equal(rewritten.hash[3], lines.hash[3])) {
		scoped(cJSON) cJSON *facts = json_new_object();
		struct error error = ERROR_INIT;

		state_folder_write(LOG, "");
		assert_ok(audit_append(store,
			      &(struct audit_event){ "key_destroyed", facts, NULL, NULL }, &error),
		    &error);
		forget(&rewritten);
		rewritten = write_lines();
	}
	assert_head_refused(text, "the chain was rewritten: line 4 is not the one");
	forget(&lines);
	forget(&rewritten);
}

static void what_is_no_head_is_refused(void **state)
{
	static const char *const texts[] = { "", "abc", ":",
		"0:0123456789012345678901234567890123456789012345678901234567890123",
		"-1:0123456789012345678901234567890123456789012345678901234567890123",
		"012345678901234567890123456789012345678901234567890123456789012g",
		"01234567890123456789012345678901234567890123456789012345678901234" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct audit_remembered remembered;
		struct error error = ERROR_INIT;

		assert_refused(
		    audit_remembered_parse(texts[i], &remembered, &error), &error, ERROR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_STORE(a_chain_that_is_whole_is_good),
		WITH_A_STORE(a_line_that_is_missing_is_found),
		WITH_A_STORE(lines_in_another_order_are_found),
		WITH_A_STORE(a_line_that_was_changed_is_found),
		WITH_A_STORE(bytes_between_lines_are_found),
		WITH_A_STORE(a_line_without_end_is_found),
		WITH_A_STORE(a_remembered_head_is_found_as_head_or_ancestor),
		WITH_A_STORE(a_tail_that_was_cut_is_found_by_a_remembered_head),
		WITH_A_STORE(a_chain_that_was_rewritten_is_found_by_a_remembered_head),
		WITH_A_STORE(what_is_no_head_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
