#pragma once
/*
 * The Secrets as kubectl prints them: one JSON object after another, or a List of them, from files
 * or standard input.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "fleet/fleet.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define INPUT_SIZE_MAX (4 * 1024 * 1024)
#define INPUT_OBJECTS_MAX 16

struct input {
	cJSON *objects[INPUT_OBJECTS_MAX]; /* owned */
	size_t count;
};

/* "-" is standard input; without any path it is read, too. ERROR_PERMISSION for what cannot be read,
   whatever the reason, ERROR_CONFIG for what is no JSON object. Whatever was read is wiped. */
MUST_CHECK bool input_read(
    const char *const *paths, size_t count, struct input *ret_input, struct error *error);
/* The hosts' reports. The same errors. */
MUST_CHECK bool input_read_fleet(
    const char *const *paths, size_t count, struct fleet *ret_fleet, struct error *error);
void input_clear(struct input *input);

__attribute__((unused)) static inline void scoped_destroy_input(struct input *input)
{
	input_clear(input);
}
