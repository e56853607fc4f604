#pragma once
/*
 * Memory that is wiped when it is given back: all that cJSON and OpenSSL take, so that no copy of a
 * CA's private key stays behind. What the program takes itself it gives back by wiped_free.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Before anything else asks for memory of theirs. ERROR_INTERNAL when it is too late. */
MUST_CHECK bool wiping_begin(struct error *error);

/* NULL is fine. For strings and buffers, whoever took them by malloc(). */
void wiped_free(void *memory);

__attribute__((unused)) static inline void scoped_destroy_wiped(char **text)
{
	wiped_free(*text);
}
