#include "transport/response_head.h"

#include "base/text.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

/* Longer values are of no use to us. */
#define VALUE_SIZE 128

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

/* False for another field, and for a value that is too long or holds a NUL. */
static bool read_field(const char *line, size_t length, const char *name, char value[VALUE_SIZE])
{
	size_t start = strlen(name) + 1;

	if (length < start || strncasecmp(line, name, start - 1) != 0 || line[start - 1] != ':')
		return false;
	while (length > start && is_blank(line[length - 1]))
		length--;
	while (start < length && is_blank(line[start]))
		start++;
	if (length - start >= VALUE_SIZE || memchr(line + start, '\0', length - start))
		return false;
	memcpy(value, line + start, length - start);
	value[length - start] = '\0';
	return true;
}

static int64_t parse_date(const char *value)
{
	time_t date = curl_getdate(value, NULL);

	return date > 0 ? (int64_t)date : 0;
}

static void read_retry_after(struct response_head *head, const char *value)
{
	uint64_t seconds = 0;

	head->retry_seconds = 0;
	head->retry_date = 0;
	if (text_parse_number(value, 0, INT32_MAX, &seconds))
		head->retry_seconds = (int64_t)seconds;
	else
		head->retry_date = parse_date(value);
}

bool response_head_add(struct response_head *head, const char *line, size_t length)
{
	char value[VALUE_SIZE];
	size_t size = head->size + length;

	if (size > RESPONSE_HEAD_MAX)
		return false;
	if (length > 5 && strncmp(line, "HTTP/", 5) == 0)
		*head = (struct response_head){ .content_type = "" };
	head->size = size;
	if (length > 0 && (line[0] == '\r' || line[0] == '\n'))
		head->complete = true;
	if (read_field(line, length, "Content-Type", value))
		memcpy(head->content_type, value, sizeof(value));
	if (read_field(line, length, "Date", value))
		head->date = parse_date(value);
	if (read_field(line, length, "Retry-After", value))
		read_retry_after(head, value);
	return true;
}

int64_t response_head_retry_after(const struct response_head *head)
{
	int64_t seconds = head->retry_seconds;

	if (head->retry_date > 0 && head->date > 0 && head->retry_date > head->date)
		seconds = head->retry_date - head->date;
	return seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : seconds;
}
