#pragma once
/*
 * What a run does with the store of tests/fakes/state_folder, where it must succeed.
 */
#include "agent/state/store.h"

#include <stdint.h>

/* The generation of state_folder_generation. */
void store_run_write(struct store *store, uint32_t number);
void store_run_activate(struct store *store, uint32_t number);
uint32_t store_run_active(const struct store *store);

/* An open store with generation 1 active and 2 written. */
struct store *store_run_open_with_two(void);

/* Whatever is listed and whatever is active can be loaded. */
void store_run_assert_sound(const struct store *store);
