#pragma once
/*
 * A state directory for tests, under /tmp, and what can be put into it.
 *
 * Nothing here can fail: a test whose folder cannot be made aborts. One at a time.
 */
#include "agent/state/store.h"

#include <stdbool.h>
#include <stddef.h>

#define STATE_FOLDER_IDENTITY "orders"

/* A folder of its own for a state directory that is not there yet. */
void state_folder_make(void);
const char *state_folder_path(void); /* of the state directory */
void state_folder_discard(void);

/* The identity's store in it, made when needed. Closed by store_close. */
struct store *state_folder_open(void);

/* One that stays open, with its folder, until the process ends. Borrowed. */
struct store *state_folder_shared(void);

/* Paths are relative to the state directory. */
void state_folder_write(const char *path, const char *text);
void state_folder_write_bytes(const char *path, const void *bytes, size_t length);
/* Owned by the caller; NULL when it is not there. */
char *state_folder_read(const char *path);
bool state_folder_has(const char *path);
unsigned state_folder_mode(const char *path);
/* How many names in it, at any depth, end like this. */
int state_folder_count(const char *suffix);

/* A generation whose leaf and CA are made of authority_key(0) and (1). Cleared by the caller. */
struct generation state_folder_generation(uint32_t number);
