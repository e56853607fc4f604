#pragma once
/*
 * Inside of the store: what its files share. Nobody else includes this.
 */
#include "agent/state/store.h"
#include "agent/state/store_memory.h"

#include <limits.h>

#define CURRENT_NAME "current"
#define ACTIVATED_NAME "activated"
#define GENERATIONS_NAME "generations"
#define TEMPORARY_SUFFIX ".tmp"
#define NUMBER_NAME_SIZE 16 /* 10 digits, TEMPORARY_SUFFIX, a NUL */

struct store {
	char *path;      /* of <identity>/ */
	int folder;      /* <identity>/ */
	int generations; /* <identity>/generations/; -1 when it is not there */
	char tag[STORE_TAG_SIZE];
	struct store_memory *memory; /* owned; of what was read */
	bool skims;                  /* store_skim */
};

/* The tag of the state directory; with `make` it is made when there is none. */
MUST_CHECK bool store_tag_load(int state_folder, const char *state_directory, bool make,
    char ret_tag[STORE_TAG_SIZE], struct error *error);

/* A whole generation's folder bears its number, without leading zeros. */
MUST_CHECK bool store_parse_number(const char *name, size_t length, uint32_t *ret_number);

struct store_contents {
	uint32_t numbers[STORE_GENERATIONS_MAX]; /* in no order */
	size_t count;
	bool too_many;
	uint32_t unfinished[STORE_GENERATIONS_MAX]; /* "<number>.tmp", what killed writes left */
	size_t unfinished_count;
	uint32_t highest; /* of all of them */
};
MUST_CHECK bool store_scan(
    const struct store *store, struct store_contents *ret_contents, struct error *error);

/* "<path>/generations/<number><suffix>": for messages, so a cut one will do. */
struct generation_path {
	char text[PATH_MAX];
};
struct generation_path store_generation_path(
    const struct store *store, uint32_t number, const char *suffix);
