#include "tests/unit/config_folder.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int config_folder_make(void **state)
{
	struct config_folder *folder = calloc(1, sizeof(*folder));
	char path[CONFIG_FOLDER_PATH_SIZE];

	assert_non_null(folder);
	scratch_folder_make(folder->path);
	config_folder_locate(folder, "conf.d", path);
	assert_int_equal(mkdir(path, 0700), 0);
	*state = folder;
	return 0;
}

int config_folder_discard(void **state)
{
	struct config_folder *folder = *state;

	scratch_folder_remove(folder->path);
	free(folder);
	return 0;
}

void config_folder_locate(
    const struct config_folder *folder, const char *name, char path[CONFIG_FOLDER_PATH_SIZE])
{
	assert_true(text_format(path, CONFIG_FOLDER_PATH_SIZE, "%s/%s", folder->path, name));
}

void config_folder_write(const struct config_folder *folder, const char *name, const char *text)
{
	char path[CONFIG_FOLDER_PATH_SIZE];
	FILE *file;

	config_folder_locate(folder, name, path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

bool config_folder_load(
    const struct config_folder *folder, struct config **ret_config, struct error *error)
{
	char path[CONFIG_FOLDER_PATH_SIZE];

	config_folder_locate(folder, "main.conf", path);
	return config_load(path, ret_config, error);
}

struct config *config_folder_must_load(const struct config_folder *folder)
{
	struct error error = ERROR_INIT;
	struct config *config = NULL;

	assert_ok(config_folder_load(folder, &config, &error), &error);
	return config;
}
