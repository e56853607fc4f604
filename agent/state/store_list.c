#include "agent/state/store_folder.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TARGET_PREFIX GENERATIONS_NAME "/"

bool store_parse_number(const char *name, size_t length, uint32_t *ret_number)
{
	char digits[NUMBER_NAME_SIZE];
	uint64_t number;

	if (length >= sizeof(digits) || name[0] == '0')
		return false;
	memcpy(digits, name, length);
	digits[length] = '\0';
	if (!text_parse_number(digits, 1, UINT32_MAX, &number))
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

struct generation_path store_generation_path(
    const struct store *store, uint32_t number, const char *suffix)
{
	struct generation_path path = { "" };

	text_format(path.text, sizeof(path.text), "%s/" GENERATIONS_NAME "/%" PRIu32 "%s",
	    store->path, number, suffix);
	return path;
}

/* *ret_problem: why its target is no generation of ours; NULL when it is one or there is none. */
static bool read_current(
    const struct store *store, uint32_t *ret_number, const char **ret_problem, struct error *error)
{
	const size_t prefix = strlen(TARGET_PREFIX);
	char target[NUMBER_NAME_SIZE + sizeof(TARGET_PREFIX)];
	ssize_t length = readlinkat(store->folder, CURRENT_NAME, target, sizeof(target) - 1);

	*ret_number = 0;
	*ret_problem = NULL;
	if (length < 0 && errno == ENOENT)
		return true;
	if (length < 0 && errno != EINVAL)
		return error_set(error, file_error_kind(errno),
		    "cannot read %s/" CURRENT_NAME ": %s", store->path, strerror(errno));
	target[length < 0 ? 0 : length] = '\0';
	if (length < 0)
		*ret_problem = "is no symlink";
	else if (!text_starts_with(target, TARGET_PREFIX)
		 || !store_parse_number(target + prefix, (size_t)length - prefix, ret_number))
		*ret_problem = "does not point to a generation of ours";
	return true;
}

bool store_current(const struct store *store, uint32_t *ret_number, struct error *error)
{
	const char *problem;

	return read_current(store, ret_number, &problem, error);
}

/* Why a generation that `current` names is none; NULL when it is there. */
static bool look_at(
    const struct store *store, uint32_t number, const char **ret_problem, struct error *error)
{
	bool is_open = store->generations >= 0;
	char name[NUMBER_NAME_SIZE];
	struct stat status;

	text_format(name, sizeof(name), "%" PRIu32, number);
	*ret_problem = NULL;
	if (is_open && fstatat(store->generations, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		*ret_problem = S_ISDIR(status.st_mode) ? NULL : "points to what is no folder";
	else if (!is_open || errno == ENOENT)
		*ret_problem = "points to nothing";
	else
		return error_set(error, file_error_kind(errno),
		    "cannot look at %s/" CURRENT_NAME ": %s", store->path, strerror(errno));
	return true;
}

bool store_active(const struct store *store, uint32_t *ret_number, struct error *error)
{
	const char *problem;
	uint32_t number;

	*ret_number = 0;
	if (!read_current(store, &number, &problem, error))
		return false;
	if (number > 0 && !look_at(store, number, &problem, error))
		return false;
	if (problem) {
		return error_set(error, ERROR_DAMAGED,
		    "%s/" CURRENT_NAME " %s: enroll again, or point it to a generation that is "
		    "there (ln -sfn " TARGET_PREFIX "<number> " CURRENT_NAME ")",
		    store->path, problem);
	}
	*ret_number = number;
	return true;
}

/* NULL when it cannot be opened. */
static DIR *open_listing(const struct store *store)
{
	scoped(fd) int folder = openat(store->generations, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = folder < 0 ? NULL : fdopendir(folder);

	if (listing)
		(void)take_fd(&folder); /* it is the listing's now */
	return listing;
}

static bool set_unlisted(const struct store *store, struct error *error)
{
	return error_set(error, file_error_kind(errno), "cannot list %s/" GENERATIONS_NAME ": %s",
	    store->path, strerror(errno));
}

/* Entries that are not named like ours are passed over. */
static void note_entry(struct store_contents *contents, const char *name)
{
	const size_t suffix = strlen(TEMPORARY_SUFFIX);
	size_t length = strlen(name);
	bool whole = length <= suffix || !text_equal(name + length - suffix, TEMPORARY_SUFFIX);
	uint32_t number;

	if (!store_parse_number(name, whole ? length : length - suffix, &number))
		return;
	if (number > contents->highest)
		contents->highest = number;
	if (whole && contents->count < STORE_GENERATIONS_MAX)
		contents->numbers[contents->count++] = number;
	else if (whole)
		contents->too_many = true;
	else if (contents->unfinished_count < STORE_GENERATIONS_MAX)
		contents->unfinished[contents->unfinished_count++] = number;
}

bool store_scan(const struct store *store, struct store_contents *ret_contents, struct error *error)
{
	scoped(DIR) DIR *listing = NULL;
	const struct dirent *entry;

	memset(ret_contents, 0, sizeof(*ret_contents));
	if (store->generations < 0)
		return true;
	listing = open_listing(store);
	if (!listing)
		return set_unlisted(store, error);
	do {
		errno = 0;
		entry = readdir(listing);
		if (entry)
			note_entry(ret_contents, entry->d_name);
	} while (entry);
	return errno == 0 || set_unlisted(store, error);
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a;
	uint32_t second = *(const uint32_t *)b;

	return (first > second) - (first < second);
}

bool store_list(const struct store *store, uint32_t numbers[STORE_GENERATIONS_MAX],
    size_t *ret_count, struct error *error)
{
	struct store_contents contents;

	if (!store_scan(store, &contents, error))
		return false;
	if (contents.too_many) {
		return error_set(error, ERROR_STATE,
		    "%s/" GENERATIONS_NAME " holds more than %d generations: move old ones away",
		    store->path, STORE_GENERATIONS_MAX);
	}
	qsort(contents.numbers, contents.count, sizeof(contents.numbers[0]), compare_numbers);
	memcpy(numbers, contents.numbers, contents.count * sizeof(contents.numbers[0]));
	*ret_count = contents.count;
	return true;
}

bool store_highest(const struct store *store, uint32_t *ret_number, struct error *error)
{
	struct store_contents contents;

	if (!store_scan(store, &contents, error))
		return false;
	*ret_number = contents.highest;
	return true;
}
