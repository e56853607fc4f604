#pragma once
/*
 * What a latch remembers of a token: the PINs that were refused, as hashes, and its JSON.
 */
#include "base/compiler.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LATCH_REFUSED_MAX 8
#define LATCH_SALT_SIZE 16
#define LATCH_HASH_SIZE 64 /* SHA-512 */
#define LATCH_ITERATIONS_MAX 10000000

struct latch_token;

/* A refused PIN. */
struct latch_refusal {
	unsigned char salt[LATCH_SALT_SIZE];
	uint32_t iterations;
	unsigned char hash[LATCH_HASH_SIZE];
	int64_t at;
};

struct latch_memory {
	int64_t trying;  /* since when; 0: nobody was */
	int64_t pid;     /* of the one that was */
	int64_t unknown; /* when a PIN was refused that nobody knows any more; 0: none was */
	struct latch_refusal refused[LATCH_REFUSED_MAX];
	size_t count;
};

/* With the token's names, for people. Owned by the caller. */
cJSON *latch_memory_format(const struct latch_memory *memory, const struct latch_token *token);
/* False: a member is absent, of another type or out of range. */
bool latch_memory_parse(const cJSON *object, struct latch_memory *ret_memory);

/* NULL when the PIN was not refused. One that cannot be compared counts as refused. */
const struct latch_refusal *latch_memory_find(
    const struct latch_memory *memory, const void *pin, size_t length);
/* False when there is no room or no PIN, or it cannot be hashed. */
MUST_CHECK bool latch_memory_add(
    struct latch_memory *memory, const void *pin, size_t length, int64_t now);
