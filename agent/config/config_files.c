#include "agent/config/config_files.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define DROP_INS "conf.d"
#define DROP_IN_SUFFIX ".conf"

static bool is_drop_in(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(DROP_IN_SUFFIX)
	       && text_equal(name + length - strlen(DROP_IN_SUFFIX), DROP_IN_SUFFIX);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add(
    struct config_files *files, const char *folder, const char *name, struct error *error)
{
	char path[PATH_MAX];

	if (files->count == CONFIG_FILES_MAX)
		return error_set(error, ERROR_CONFIG, "%s holds more than %d drop-ins", folder,
		    CONFIG_FILES_MAX - 1);
	if (!text_format(path, sizeof(path), "%s/%s", folder, name))
		return error_set(error, ERROR_CONFIG, "%s/%s is too long a path", folder, name);
	files->paths[files->count++] = text_duplicate(path);
	return true;
}

static bool find_drop_ins(const char *folder, struct config_files *files, struct error *error)
{
	scoped(DIR) DIR *listing = opendir(folder);
	const struct dirent *entry;
	size_t first = files->count;

	if (!listing && errno == ENOENT)
		return true;
	if (!listing)
		return error_set(
		    error, ERROR_CONFIG, "cannot open %s: %s", folder, strerror(errno));
	for (;;) {
		errno = 0;
		entry = readdir(listing);
		if (!entry)
			break;
		if (is_drop_in(entry->d_name) && !add(files, folder, entry->d_name, error))
			return false;
	}
	if (errno != 0)
		return error_set(
		    error, ERROR_CONFIG, "cannot list %s: %s", folder, strerror(errno));
	qsort(files->paths + first, files->count - first, sizeof(files->paths[0]), compare_paths);
	return true;
}

/* A link that leads nowhere was meant to be read, and is an error then, as what may not be read. */
static bool is_missing(const char *path)
{
	struct stat status;

	return lstat(path, &status) != 0 && errno == ENOENT;
}

bool config_files_find(const char *path, struct config_files *ret_files, struct error *error)
{
	scoped(config_files) struct config_files files = { .count = 0 };
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (!text_format(
		folder, sizeof(folder), "%.*s" DROP_INS, slash ? (int)(slash - path + 1) : 0, path))
		return error_set(error, ERROR_CONFIG, "%s is too long a path", path);
	if (!is_missing(path))
		files.paths[files.count++] = text_duplicate(path);
	if (!find_drop_ins(folder, &files, error))
		return false;
	/* For the message. */
	if (files.count == 0)
		files.paths[files.count++] = text_duplicate(path);

	*ret_files = files;
	files.count = 0;
	return true;
}

void config_files_clear(struct config_files *files)
{
	while (files->count > 0)
		free(files->paths[--files->count]);
}

/* Symlinks are followed: what a ConfigMap mounts are some. */
bool config_files_read(const char *path, char **ret_text, size_t *ret_length, struct error *error)
{
	scoped(fd) int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (file < 0)
		return error_set(error, ERROR_CONFIG, "cannot open %s: %s", path, strerror(errno));
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return error_set(error, ERROR_CONFIG, "%s is not a regular file", path);
	if (!file_read_descriptor(file, CONFIG_FILE_SIZE_MAX, path, ret_text, ret_length, error)) {
		error->kind = ERROR_CONFIG;
		return false;
	}
	return true;
}
