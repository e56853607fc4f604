#pragma once
/*
 * The text of the files that a path means.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Called with each file's text and the name that messages call it by. */
typedef bool (*fleet_file)(
    void *context, const char *name, const char *text, size_t length, struct error *error);

/* Called with why a file could not be read: whether to go on with the others. */
typedef bool (*fleet_refused)(void *context, struct error *error);

/* A folder's files by the bytes of their names, hidden ones and folders in it left out. */
MUST_CHECK bool fleet_files_read(const char *path, fleet_file receive, fleet_refused refused,
    void *context, struct error *error);
