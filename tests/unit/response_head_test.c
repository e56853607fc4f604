#include "transport/response_head.h"

#include "base/compiler.h"
#include "tests/unit/test.h"

#include <string.h>

/* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 */
#define MOMENT 784111777

static void add(struct response_head *head, const char *line)
{
	assert_true(response_head_add(head, line, strlen(line)));
}

static void the_three_fields_are_read_whatever_their_case(void **state)
{
	struct response_head head = { .size = 0 };

	(void)state;
	add(&head, "HTTP/1.1 429 Too Many Requests\r\n");
	add(&head, "content-TYPE:  application/json;charset=UTF-8 \r\n");
	add(&head, "DATE: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
	add(&head, "retry-after:120\r\n");
	assert_false(head.complete);
	add(&head, "\r\n");
	assert_true(head.complete);
	assert_string_equal(head.content_type, "application/json;charset=UTF-8");
	assert_int_equal(head.date, MOMENT);
	assert_int_equal(response_head_retry_after(&head), 120);
}

static void every_form_of_a_date_is_read(void **state)
{
	static const char *const lines[] = {
		"Date: Sun, 06 Nov 1994 08:49:37 GMT",
		"Date: Sunday, 06-Nov-94 08:49:37 GMT",
		"Date: Sun Nov  6 08:49:37 1994",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
		struct response_head head = { .size = 0 };

		add(&head, lines[i]);
		assert_int_equal(head.date, MOMENT);
	}
}

static void a_malformed_field_counts_as_absent(void **state)
{
	static const char *const lines[] = {
		"Date: yesterday\r\n",
		"Date:\r\n",
		"Date\r\n",
		"Date : Sun, 06 Nov 1994 08:49:37 GMT\r\n",
		"X-Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
		"Retry-After: -1\r\n",
		"Retry-After: +1\r\n",
		"Retry-After: 1.5\r\n",
		"Retry-After: 1 2\r\n",
		"Retry-After: 99999999999999999999\r\n",
		"Retry-After: soon\r\n",
		"Retry-After:\r\n",
		":\r\n",
		"",
	};
	struct response_head head = { .size = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
		add(&head, lines[i]);
		assert_int_equal(head.date, 0);
		assert_int_equal(response_head_retry_after(&head), 0);
	}
	assert_true(response_head_add(&head, "Retry-After: 1\0", 15));
	assert_int_equal(response_head_retry_after(&head), 0);
}

static void a_date_to_retry_after_counts_from_the_servers_own_date(void **state)
{
	struct response_head head = { .size = 0 };

	(void)state;
	add(&head, "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n");
	assert_int_equal(response_head_retry_after(&head), 0);
	add(&head, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
	assert_int_equal(response_head_retry_after(&head), 60);
	add(&head, "Date: Sun, 06 Nov 1994 08:51:37 GMT\r\n");
	assert_int_equal(response_head_retry_after(&head), 0);
	add(&head, "Retry-After: Sun, 06 Nov 2094 08:50:37 GMT\r\n");
	assert_int_equal(response_head_retry_after(&head), RETRY_AFTER_MAX);
}

static void of_repeated_fields_the_last_one_counts(void **state)
{
	struct response_head head = { .size = 0 };

	(void)state;
	add(&head, "Retry-After: 100\r\n");
	add(&head, "Retry-After: 604801\r\n");
	assert_int_equal(response_head_retry_after(&head), RETRY_AFTER_MAX);
	add(&head, "Retry-After: 7\r\n");
	assert_int_equal(response_head_retry_after(&head), 7);
	add(&head, "Content-Type: text/html\r\n");
	add(&head, "Content-Type: application/json\r\n");
	assert_string_equal(head.content_type, "application/json");
}

static void a_status_line_starts_the_answer_anew(void **state)
{
	struct response_head head = { .size = 0 };

	(void)state;
	add(&head, "HTTP/1.1 103 Early Hints\r\n");
	add(&head, "Retry-After: 100\r\n");
	add(&head, "Content-Type: text/html\r\n");
	add(&head, "\r\n");
	add(&head, "HTTP/1.1 200 OK\r\n");
	assert_false(head.complete);
	assert_int_equal(response_head_retry_after(&head), 0);
	assert_string_equal(head.content_type, "");
}

static void a_field_that_is_too_long_counts_as_absent(void **state)
{
	char line[400] = "Content-Type: ";
	struct response_head head = { .size = 0 };

	(void)state;
	memset(line + strlen(line), 'a', 127);
	add(&head, line);
	assert_int_equal(strlen(head.content_type), 127);
	head.content_type[0] = '\0';
	memset(line + strlen(line), 'a', 1);
	add(&head, line);
	assert_string_equal(head.content_type, "");
}

static void all_lines_together_are_bounded(void **state)
{
	static char line[RESPONSE_HEAD_MAX];
	struct response_head head = { .size = 0 };

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_true(response_head_add(&head, line, sizeof(line) - 1));
	assert_true(response_head_add(&head, "\n", 1));
	assert_false(response_head_add(&head, "\n", 1));
	assert_false(response_head_add(&head, "HTTP/1.1 200 OK\r\n", 17));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_three_fields_are_read_whatever_their_case),
		cmocka_unit_test(every_form_of_a_date_is_read),
		cmocka_unit_test(a_malformed_field_counts_as_absent),
		cmocka_unit_test(a_date_to_retry_after_counts_from_the_servers_own_date),
		cmocka_unit_test(of_repeated_fields_the_last_one_counts),
		cmocka_unit_test(a_status_line_starts_the_answer_anew),
		cmocka_unit_test(a_field_that_is_too_long_counts_as_absent),
		cmocka_unit_test(all_lines_together_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
