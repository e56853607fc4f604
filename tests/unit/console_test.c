#include "agent/report/console.h"

#include "base/json.h"
#include "base/scoped.h"
#include "tests/unit/test.h"

#include <string.h>

#define WIPE "\r\033[K"

/* A stream into memory, and what was written to it. */
struct paper {
	FILE *stream;
	char *text;
	size_t length;
};

static int set_up(void **state)
{
	struct paper *paper = calloc(1, sizeof(*paper));

	assert_non_null(paper);
	paper->stream = open_memstream(&paper->text, &paper->length);
	assert_non_null(paper->stream);
	*state = paper;
	return 0;
}

static int tear_down(void **state)
{
	struct paper *paper = *state;

	fclose(paper->stream);
	free(paper->text);
	free(paper);
	return 0;
}

static void a_message_bears_the_programs_name(void **state)
{
	struct paper *paper = *state;
	struct console console = console_open(paper->stream, false);

	console_print(&console, "%s: %d", "orders", 7);
	assert_string_equal(paper->text, "renewal-agent: orders: 7\n");
}

static void an_explanation_is_for_those_who_ask(void **state)
{
	struct paper *paper = *state;
	struct console quiet = console_open(paper->stream, false);
	struct console verbose = console_open(paper->stream, true);

	console_explain(&quiet, "why");
	console_explain(&verbose, "because");
	assert_string_equal(paper->text, "renewal-agent: because\n");
}

static void escape_sequences_do_not_reach_the_terminal(void **state)
{
	struct paper *paper = *state;
	struct console console = console_open(paper->stream, false);

	console_print(&console, "token \033[2J\n\x7f");
	assert_string_equal(paper->text, "renewal-agent: token ?[2J??\n");
}

static void a_file_gets_no_progress(void **state)
{
	struct paper *paper = *state;
	struct console console = console_open(paper->stream, true);

	assert_false(console.terminal);
	console_progress(&console, "generating", 1);
	console_wipe(&console);
	fflush(paper->stream);
	assert_string_equal(paper->text, "");
}

static void a_terminal_gets_progress_which_makes_room_for_messages(void **state)
{
	struct paper *paper = *state;
	struct console console = console_open(paper->stream, false);

	console.terminal = true;
	console_progress(&console, "generating \033", 1);
	console_progress(&console, "generating", 2);
	console_print(&console, "done");
	console_wipe(&console);
	assert_string_equal(paper->text,
	    WIPE "generating ? ... 1 s" WIPE "generating ... 2 s" WIPE "renewal-agent: done\n");
}

static void a_line_that_would_wrap_is_cut(void **state)
{
	struct paper *paper = *state;
	struct console console = console_open(paper->stream, false);
	char step[200];

	memset(step, 'x', sizeof(step) - 1);
	step[sizeof(step) - 1] = '\0';
	console.terminal = true;
	console_progress(&console, step, 86400);
	assert_true(paper->length - strlen(WIPE) < 80);
	assert_non_null(strstr(paper->text, "xxx ... 86400 s"));
}

static void machines_get_an_object_a_line(void **state)
{
	struct paper *paper = *state;
	struct console console = console_open(paper->stream, false);
	const struct log_end end = { "renew", "none", "network", 75, false };
	struct error error = ERROR_INIT;
	scoped(cJSON) cJSON *first = NULL;
	scoped(cJSON) cJSON *second = NULL;
	const char *line_end;

	console.format = LOG_FORMAT_JSON;
	console_enter(&console, "orders", "5b0d");
	console_print(&console, "two \"lines\"\n\033\xff");
	console_explain(&console, "not asked for");
	console_end(&console, LOG_LEVEL_ERROR, NULL, &end, "nobody answered");
	line_end = strchr(paper->text, '\n');
	assert_ok(json_parse(paper->text, (size_t)(line_end - paper->text), "it", ERROR_INTERNAL,
		      &first, &error),
	    &error);
	assert_string_equal(json_string(first, "level"), "warning");
	assert_string_equal(json_string(first, "identity"), "orders");
	assert_string_equal(json_string(first, "run_id"), "5b0d");
	assert_string_equal(json_string(first, "message"), "two \"lines\"???");
	assert_int_equal(strlen(json_string(first, "time")), strlen("2026-11-20T21:59:54Z"));
	assert_int_equal(cJSON_GetArraySize(first), 5);
	assert_ok(
	    json_parse(line_end + 1, strlen(line_end + 1), "it", ERROR_INTERNAL, &second, &error),
	    &error);
	assert_string_equal(json_string(second, "level"), "error");
	assert_string_equal(json_string(second, "command"), "renew");
	assert_string_equal(json_string(second, "reason"), "none");
	assert_string_equal(json_string(second, "error_class"), "network");
	assert_false(json_boolean(second, "changed", true));
	assert_int_equal(cJSON_GetArraySize(second), 10);
}

static void text_names_the_run_that_failed(void **state)
{
	struct paper *paper = *state;
	struct console console = console_open(paper->stream, false);
	const struct log_end failed = { "renew", "none", "network", 75, false };
	const struct log_end done = { "renew", "renewed", NULL, 0, true };

	console_enter(&console, "orders", "5b0d");
	console_end(&console, LOG_LEVEL_ERROR, NULL, &failed, "nobody answered");
	console_end(&console, LOG_LEVEL_INFO, NULL, &done, "renewed");
	console_end(&console, LOG_LEVEL_DEBUG, NULL, &done, "for those who ask");
	console_enter(&console, NULL, "");
	console_end(&console, LOG_LEVEL_ERROR, NULL, &failed, "no such option");
	assert_string_equal(paper->text, "renewal-agent: orders: nobody answered (run 5b0d)\n"
					 "renewal-agent: orders: renewed\n"
					 "renewal-agent: no such option\n");
}

#define on_paper(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_paper(a_message_bears_the_programs_name),
		on_paper(an_explanation_is_for_those_who_ask),
		on_paper(escape_sequences_do_not_reach_the_terminal),
		on_paper(a_file_gets_no_progress),
		on_paper(a_terminal_gets_progress_which_makes_room_for_messages),
		on_paper(a_line_that_would_wrap_is_cut),
		on_paper(machines_get_an_object_a_line),
		on_paper(text_names_the_run_that_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
