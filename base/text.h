#pragma once
/*
 * Text with a limit.
 *
 * A text_buffer grows up to the limit given at its start and remembers when that was too little;
 * a caller adds without looking and asks once, at the end. The small functions parse and compare
 * strictly: nothing is skipped, nothing is guessed.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text_buffer {
	char *data;    /* owned, always ends in NUL; NULL while empty */
	size_t length; /* bytes without the NUL */
	size_t capacity;
	size_t limit; /* bytes that data may hold, the NUL not counted */
	bool failed;  /* something did not fit, or memory ran out */
};

#define TEXT_BUFFER_INIT(most)                                                                     \
	{                                                                                          \
		NULL, 0, 0, (most), false                                                          \
	}

/* False when it did not fit; the buffer then stays failed and holds what fitted before. */
bool text_add(struct text_buffer *buffer, const char *bytes, size_t length);
bool text_add_string(struct text_buffer *buffer, const char *string);
bool text_printf(struct text_buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
bool text_vprintf(struct text_buffer *buffer, const char *format, __builtin_va_list arguments);
/* Wipes, frees, and leaves the buffer empty and usable. */
void text_discard(struct text_buffer *buffer);
/* The string, owned by the caller, never NULL on success; the buffer is empty afterwards. */
MUST_CHECK bool text_take(struct text_buffer *buffer, char **ret_text, struct error *error);

bool text_equal(const char *a, const char *b); /* two NULLs are equal */
bool text_starts_with(const char *text, const char *prefix);
/* Copies, or returns false when `size` bytes cannot hold the string and its NUL. */
MUST_CHECK bool text_copy(char *target, size_t size, const char *source);
/* A printf into a buffer of fixed size; false when it was cut. */
bool text_format(char *target, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
/* strdup that aborts the process when memory has run out. */
char *text_duplicate(const char *text);

/* Decimal, digits only, no sign, no blanks, within the bounds. */
MUST_CHECK bool text_parse_number(
    const char *text, uint64_t least, uint64_t most, uint64_t *ret_number);

/* `target` holds 2 * length + 1 bytes; lower case. */
void text_to_hex(const unsigned char *bytes, size_t length, char *target);
/* Exactly `length` bytes from 2 * length hexadecimal digits of either case. */
MUST_CHECK bool text_from_hex(const char *text, unsigned char *ret_bytes, size_t length);

/* The edit distance, for "did you mean"; at most 32 bytes of each are looked at. */
size_t text_distance(const char *a, const char *b);

__attribute__((unused)) static inline void scoped_destroy_text(struct text_buffer *buffer)
{
	text_discard(buffer);
}
