#include "tests/unit/safe_folder.h"

#include "base/text.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_safe(const char *path)
{
	char folder[PATH_MAX];

	if (!realpath(path, folder))
		return false;
	for (;;) {
		struct stat status;

		if (stat(folder[0] ? folder : "/", &status) != 0
		    || (status.st_uid != 0 && status.st_uid != geteuid())
		    || (status.st_mode & (S_IWGRP | S_IWOTH)))
			return false;
		if (!folder[0])
			return true;
		*strrchr(folder, '/') = '\0';
	}
}

void safe_folder_make(char path[PATH_MAX])
{
	const char *home = getenv("HOME");
	const char *const places[] = { BUILD_FOLDER, home ? home : "/root", "/var/lib" };
	char resolved[PATH_MAX];

	for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
		if (!is_safe(places[i]) || !realpath(places[i], resolved)
		    || !text_format(path, PATH_MAX, "%s/hooks-XXXXXX", resolved) || !mkdtemp(path))
			continue;
		if (chmod(path, 0755) == 0)
			return;
	}
	abort();
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status;
	(void)kind;
	(void)at;
	return remove(path);
}

void safe_folder_remove(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		abort();
}

void safe_folder_script(const char *path, const char *name, const char *text)
{
	char file[PATH_MAX];
	FILE *stream;

	if (!text_format(file, sizeof(file), "%s/%s", path, name))
		abort();
	stream = fopen(file, "we");
	if (!stream || fputs(text, stream) < 0 || fclose(stream) != 0 || chmod(file, 0755) != 0)
		abort();
}
