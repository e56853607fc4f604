#pragma once
/*
 * A folder for a test whose programs are to be run as hooks: unlike /tmp, no folder on the way to
 * it can be written to by others. It goes with all that is in it.
 *
 * Nothing here can fail: a test that finds no such place aborts.
 */
#include <limits.h>

void safe_folder_make(char path[PATH_MAX]);
void safe_folder_remove(const char *path);
/* A script below it, mode 0755; the text is its content. */
void safe_folder_script(const char *path, const char *name, const char *text);
