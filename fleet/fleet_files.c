#include "fleet/fleet_files.h"

#include "base/file.h"
#include "base/scoped.h"
#include "base/text.h"
#include "fleet/fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static bool take_descriptor(
    int file, const char *name, fleet_file receive, void *context, struct error *error)
{
	scoped(char) char *text = NULL;
	size_t length = 0;

	return file_read_descriptor(file, FLEET_FILE_SIZE_MAX, name, &text, &length, error)
	       && receive(context, name, text, length, error);
}

static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool take_entry(
    const char *folder, const char *entry, fleet_file receive, void *context, struct error *error)
{
	char path[PATH_MAX];
	scoped(fd) int file = -1;
	struct stat status;

	if (!text_format(path, sizeof(path), "%s/%s", folder, entry))
		return error_set(error, ERROR_CONFIG, "%s/%s is too long a path", folder, entry);
	file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (file < 0 || fstat(file, &status) != 0)
		return error_set(
		    error, file_error_kind(errno), "cannot open %s: %s", path, strerror(errno));
	return !S_ISREG(status.st_mode) || take_descriptor(file, path, receive, context, error);
}

static bool take_folder(
    const char *path, fleet_file receive, fleet_refused refused, void *context, struct error *error)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_shown, compare);
	bool taken = true;

	if (count < 0)
		return error_set(
		    error, file_error_kind(errno), "cannot list %s: %s", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		taken = taken
			&& (take_entry(path, entries[i]->d_name, receive, context, error)
			    || refused(context, error));
		free(entries[i]);
	}
	free(entries);
	return taken;
}

static bool take_path(
    const char *path, fleet_file receive, fleet_refused refused, void *context, struct error *error)
{
	scoped(fd) int file = -1;
	struct stat status;

	if (text_equal(path, "-"))
		return take_descriptor(STDIN_FILENO, "standard input", receive, context, error);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || fstat(file, &status) != 0)
		return error_set(
		    error, file_error_kind(errno), "cannot open %s: %s", path, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return take_folder(path, receive, refused, context, error);
	return take_descriptor(file, path, receive, context, error);
}

bool fleet_files_read(
    const char *path, fleet_file receive, fleet_refused refused, void *context, struct error *error)
{
	return take_path(path, receive, refused, context, error) || refused(context, error);
}
