#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_LEAST 64
#define DISTANCE_MOST 32

/* What a text_buffer held may have been a secret: no copy stays behind in the heap. */
static void wipe(char *data, size_t capacity)
{
	if (!data)
		return;
	explicit_bzero(data, capacity);
	free(data);
}

static bool fail(struct text_buffer *buffer)
{
	buffer->failed = true;
	return false;
}

/* Room for `more` bytes and the NUL. */
static bool reserve(struct text_buffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity < CAPACITY_LEAST ? CAPACITY_LEAST : buffer->capacity;
	size_t needed;
	char *data;

	if (buffer->failed || more > buffer->limit - buffer->length)
		return fail(buffer);
	if (__builtin_add_overflow(buffer->length, more, &needed) || needed > SIZE_MAX / 4)
		return fail(buffer);
	if (needed < buffer->capacity)
		return true;
	while (capacity <= needed)
		capacity *= 2;
	data = malloc(capacity);
	if (!data)
		return fail(buffer);
	if (buffer->data)
		memcpy(data, buffer->data, buffer->length);
	data[buffer->length] = '\0';
	wipe(buffer->data, buffer->capacity);
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

bool text_add(struct text_buffer *buffer, const char *bytes, size_t length)
{
	if (!reserve(buffer, length))
		return false;
	if (length > 0)
		memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
	return true;
}

bool text_add_string(struct text_buffer *buffer, const char *string)
{
	return text_add(buffer, string, strlen(string));
}

bool text_vprintf(struct text_buffer *buffer, const char *format, va_list arguments)
{
	va_list again;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return fail(buffer);
	if (!reserve(buffer, (size_t)length))
		return false;
	(void)vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
	buffer->length += (size_t)length;
	return true;
}

bool text_printf(struct text_buffer *buffer, const char *format, ...)
{
	va_list arguments;
	bool fits;

	va_start(arguments, format);
	fits = text_vprintf(buffer, format, arguments);
	va_end(arguments);
	return fits;
}

void text_discard(struct text_buffer *buffer)
{
	wipe(buffer->data, buffer->capacity);
	*buffer = (struct text_buffer)TEXT_BUFFER_INIT(buffer->limit);
}

bool text_take(struct text_buffer *buffer, char **ret_text, struct error *error)
{
	if (!reserve(buffer, 0)) {
		return error_set(error, ERROR_INTERNAL,
		    "a text became longer than the %zu bytes it may have, or memory ran out",
		    buffer->limit);
	}

	*ret_text = buffer->data;
	*buffer = (struct text_buffer)TEXT_BUFFER_INIT(buffer->limit);
	return true;
}

bool text_equal(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool text_starts_with(const char *text, const char *prefix)
{
	return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_copy(char *target, size_t size, const char *source)
{
	size_t length = strlen(source);

	if (length >= size)
		return false;
	memcpy(target, source, length + 1);
	return true;
}

bool text_format(char *target, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(target, size, format, arguments);
	va_end(arguments);
	return length >= 0 && (size_t)length < size;
}

char *text_duplicate(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

bool text_parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (digit > most || number > (most - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	if (at == text || *at != '\0' || number < least)
		return false;
	*ret_number = number;
	return true;
}

void text_to_hex(const unsigned char *bytes, size_t length, char *target)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		target[2 * i] = digits[bytes[i] >> 4];
		target[2 * i + 1] = digits[bytes[i] & 15];
	}
	target[2 * length] = '\0';
}

/* Of a character that is one. */
static unsigned hex_digit(char digit)
{
	return (unsigned)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

bool text_from_hex(const char *text, unsigned char *ret_bytes, size_t length)
{
	if (strlen(text) != 2 * length || strspn(text, "0123456789abcdefABCDEF") != 2 * length)
		return false;
	for (size_t i = 0; i < length; i++)
		ret_bytes[i] =
		    (unsigned char)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
	return true;
}

size_t text_distance(const char *a, const char *b)
{
	size_t length_a = strnlen(a, DISTANCE_MOST);
	size_t length_b = strnlen(b, DISTANCE_MOST);
	size_t row[DISTANCE_MOST + 1];

	for (size_t j = 0; j <= length_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			size_t replaced = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
			if (replaced < row[j])
				row[j] = replaced;
		}
	}
	return row[length_b];
}
