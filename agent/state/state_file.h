#pragma once
/*
 * One JSON object in a file of ours: written by one rename, and set aside when it is damaged.
 *
 * `folder_path` is what messages call the folder.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <sys/types.h>

#define STATE_FILE_SIZE_MAX 262144

struct state_folder {
	int descriptor; /* borrowed */
	const char *path;
};

/* What a power cut may do to it. Being killed never does any harm: the kernel has the bytes. */
enum state_file_safety {
	STATE_FILE_MAY_VANISH, /* or come out damaged: its reader can do without */
	STATE_FILE_MAY_BE_OLD, /* what was there before, whole: the rename may be lost */
	STATE_FILE_ON_DISK     /* nothing: it is there when the function returns */
};

/* Adds to an ERROR_PERMISSION about a file that belongs to another user as whom to run. Returns
   false. */
bool state_file_advise(const struct state_folder *folder, const char *name, struct error *error);

/* Absent: *ret_object NULL. Not one JSON object, too long or no regular file: *ret_object NULL
   and *ret_damaged true. The caller owns the object. */
MUST_CHECK bool state_file_read(const struct state_folder *folder, const char *name,
    cJSON **ret_object, bool *ret_damaged, struct error *error);
/* Renames it to `<name>.damaged`, in the place of an earlier one. */
MUST_CHECK bool state_file_set_aside(
    const struct state_folder *folder, const char *name, struct error *error);
/* One line, mode 0600. */
MUST_CHECK bool state_file_write(const struct state_folder *folder, const char *name,
    const cJSON *object, enum state_file_safety safety, struct error *error);
/* Absent is fine. What a killed write left goes too. */
MUST_CHECK bool state_file_remove(const struct state_folder *folder, const char *name,
    enum state_file_safety safety, struct error *error);
