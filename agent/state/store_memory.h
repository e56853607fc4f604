#pragma once
/*
 * Inside of the store: the generations that it has read, for a process that alone changes them.
 *
 * A generation's files do not change once they are written, and OpenSSL takes a third of a
 * millisecond for each certificate: a renewal asks for the same ones eight times.
 */
#include "agent/state/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_memory {
	bool used;                      /* nothing is remembered before store_remember */
	struct generation *generations; /* owned; in no order */
	size_t count;
};

/* A copy of what is remembered; false when it is not. */
bool store_memory_find(
    const struct store_memory *memory, uint32_t number, struct generation *ret_generation);
/* Remembers a copy. Without memory to do so it is read again the next time. */
void store_memory_add(struct store_memory *memory, const struct generation *generation);
void store_memory_drop(struct store_memory *memory, uint32_t number);
void store_memory_clear(struct store_memory *memory);
