#include "agent/report/console.h"
#include "agent/report/message_ids.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/scratch_folder.h"
#include "tests/unit/test.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A journald that only listens, and a stream for what is not delivered. */
struct journald {
	char folder[SCRATCH_FOLDER_SIZE];
	struct sockaddr_un address;
	int listener;
	char received[8192];
	size_t length;
	FILE *stream;
	char *text;
	size_t text_length;
	struct console console;
};

static int set_up(void **state)
{
	struct journald *journald = calloc(1, sizeof(*journald));

	assert_non_null(journald);
	scratch_folder_make(journald->folder);
	journald->address.sun_family = AF_UNIX;
	assert_true(text_format(journald->address.sun_path, sizeof(journald->address.sun_path),
	    "%s/socket", journald->folder));
	journald->listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(journald->listener, (const struct sockaddr *)&journald->address,
			     sizeof(journald->address)),
	    0);
	journald->stream = open_memstream(&journald->text, &journald->text_length);
	assert_non_null(journald->stream);
	journald->console = console_open(journald->stream, false);
	journald->console.format = LOG_FORMAT_JOURNAL;
	journald->console.journald = journald->address.sun_path;
	*state = journald;
	return 0;
}

static int tear_down(void **state)
{
	struct journald *journald = *state;

	close(journald->listener);
	fclose(journald->stream);
	free(journald->text);
	scratch_folder_remove(journald->folder);
	free(journald);
	return 0;
}

static void receive(struct journald *journald)
{
	ssize_t length =
	    recv(journald->listener, journald->received, sizeof(journald->received), MSG_DONTWAIT);

	assert_true(length > 0);
	journald->length = (size_t)length;
}

/* As the protocol says; false at the end. */
static bool next_field(const struct journald *journald, size_t *at, char name[64], char value[4096])
{
	const char *from = journald->received + *at;
	const char *line_end;
	uint64_t length = 0;

	if (*at == journald->length)
		return false;
	line_end = memchr(from, '\n', journald->length - *at);
	assert_non_null(line_end);
	if (memchr(from, '=', (size_t)(line_end - from))) {
		assert_int_equal(sscanf(from, "%63[^=]=", name), 1);
		length = (uint64_t)(line_end - from) - strlen(name) - 1;
		from += strlen(name) + 1;
	} else {
		assert_int_equal(sscanf(from, "%63[^\n]", name), 1);
		for (unsigned i = 0; i < 8; i++)
			length |= (uint64_t)(unsigned char)line_end[1 + i] << (8 * i);
		from = line_end + 9;
	}
	assert_true(length < 4096);
	memcpy(value, from, length);
	value[length] = '\0';
	assert_int_equal(from[length], '\n');
	*at = (size_t)(from - journald->received) + length + 1;
	return true;
}

/* NULL: there is no such field. */
static void assert_field(const struct journald *journald, const char *wanted, const char *expected)
{
	char value[4096];
	char name[64];
	size_t at = 0;

	while (next_field(journald, &at, name, value)) {
		if (!text_equal(name, wanted))
			continue;
		assert_non_null(expected);
		assert_string_equal(value, expected);
		return;
	}
	assert_null(expected);
}

static void a_message_has_its_fields_and_no_others(void **state)
{
	struct journald *journald = *state;

	console_print(&journald->console, "a CA without %s", "basicConstraints");
	receive(journald);
	assert_int_equal(
	    journald->length, strlen("MESSAGE=a CA without basicConstraints\nPRIORITY=4\n"
				     "SYSLOG_IDENTIFIER=renewal-agent\n"));
	assert_field(journald, "MESSAGE", "a CA without basicConstraints");
	assert_field(journald, "PRIORITY", "4");
	assert_field(journald, "SYSLOG_IDENTIFIER", "renewal-agent");
	assert_int_equal(journald->text_length, 0);
}

static void the_end_of_a_run_has_what_machines_ask_for(void **state)
{
	struct journald *journald = *state;
	const struct log_end end = { "renew", "rejected", "connector", 20, false };

	console_enter(&journald->console, "orders", "5b0d");
	console_end(&journald->console, LOG_LEVEL_ERROR, MESSAGE_ID_REENROLL, &end, "refused");
	receive(journald);
	assert_field(journald, "MESSAGE", "refused");
	assert_field(journald, "PRIORITY", "3");
	assert_field(journald, "MESSAGE_ID", MESSAGE_ID_REENROLL);
	assert_field(journald, "RENEWAL_AGENT_IDENTITY", "orders");
	assert_field(journald, "RENEWAL_AGENT_RUN_ID", "5b0d");
	assert_field(journald, "RENEWAL_AGENT_COMMAND", "renew");
	assert_field(journald, "RENEWAL_AGENT_REASON", "rejected");
	assert_field(journald, "RENEWAL_AGENT_EXIT_STATUS", "20");
	assert_field(journald, "RENEWAL_AGENT_ERROR_CLASS", "connector");
	assert_field(journald, "RENEWAL_AGENT_CHANGED", "false");
}

static void nobody_adds_a_field_by_a_line_break(void **state)
{
	struct journald *journald = *state;

	const struct log_entry entry = {
		.level = LOG_LEVEL_INFO,
		.message = "a\nPRIORITY=0\n\x01\xff=",
		.identity = "a\n",
	};

	assert_true(log_entry_send(&entry, journald->address.sun_path));
	receive(journald);
	assert_field(journald, "MESSAGE", "a\nPRIORITY=0\n\x01\xff=");
	assert_field(journald, "RENEWAL_AGENT_IDENTITY", "a\n");
	assert_field(journald, "PRIORITY", "6");
	assert_field(journald, "MESSAGE_ID", NULL);
	console_print(&journald->console, "a\nPRIORITY=0");
	receive(journald);
	assert_field(journald, "MESSAGE", "a?PRIORITY=0");
}

static void what_nobody_asked_for_is_not_sent(void **state)
{
	struct journald *journald = *state;

	console_explain(&journald->console, "why");
	assert_int_equal(recv(journald->listener, journald->received, 1, MSG_DONTWAIT), -1);
}

static void without_journald_it_is_text_on_the_standard_error(void **state)
{
	struct journald *journald = *state;

	journald->console.journald = "/nonexistent/socket";
	console_enter(&journald->console, "orders", NULL);
	console_print(&journald->console, "a warning");
	assert_string_equal(journald->text, "renewal-agent: orders: a warning\n");
}

static void nor_is_one_waited_for_that_does_not_listen(void **state)
{
	struct journald *journald = *state;
	int sent = 0;

	while (journald->text_length == 0 && sent++ < 100000)
		console_print(&journald->console, "a warning");
	assert_string_equal(journald->text, "renewal-agent: a warning\n");
}

static void a_person_at_a_terminal_sees_it_too(void **state)
{
	struct journald *journald = *state;

	journald->console.terminal = true;
	console_print(&journald->console, "a warning");
	receive(journald);
	assert_string_equal(journald->text, "renewal-agent: a warning\n");
}

#define BESIDE_JOURNALD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BESIDE_JOURNALD(a_message_has_its_fields_and_no_others),
		BESIDE_JOURNALD(the_end_of_a_run_has_what_machines_ask_for),
		BESIDE_JOURNALD(nobody_adds_a_field_by_a_line_break),
		BESIDE_JOURNALD(what_nobody_asked_for_is_not_sent),
		BESIDE_JOURNALD(without_journald_it_is_text_on_the_standard_error),
		BESIDE_JOURNALD(nor_is_one_waited_for_that_does_not_listen),
		BESIDE_JOURNALD(a_person_at_a_terminal_sees_it_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
