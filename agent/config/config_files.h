#pragma once
/*
 * Which files make up the configuration, and their text.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_FILES_MAX 1025
#define CONFIG_FILE_SIZE_MAX (256 * 1024)

struct config_files {
	char *paths[CONFIG_FILES_MAX];
	size_t count;
};

/* `path`, then conf.d/<name>.conf in its folder by the bytes of their names, hidden ones left
   out. Where there are such drop-ins, `path` itself may be missing, and is left out then. Errors here
   and below are ERROR_CONFIG. */
MUST_CHECK bool config_files_find(
    const char *path, struct config_files *ret_files, struct error *error);
void config_files_clear(struct config_files *files);

/* The text, owned, with a NUL behind it. */
MUST_CHECK bool config_files_read(
    const char *path, char **ret_text, size_t *ret_length, struct error *error);

__attribute__((unused)) static inline void scoped_destroy_config_files(struct config_files *files)
{
	config_files_clear(files);
}
