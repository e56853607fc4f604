#pragma once
/*
 * A folder under /tmp for a test, which goes with all that is in it.
 *
 * Nothing here can fail: a test whose folder cannot be made or removed aborts.
 */

#define SCRATCH_FOLDER_SIZE 32

void scratch_folder_make(char path[SCRATCH_FOLDER_SIZE]);
void scratch_folder_remove(const char *path);
