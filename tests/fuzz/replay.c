/*
 * Runs a fuzz target once on every file of a folder, for compilers without libFuzzer.
 */
#include "base/file.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define INPUT_MOST (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay_file(int folder, const char *name, struct error *error)
{
	scoped(char) char *bytes = NULL;
	scoped(bytes) unsigned char *exact = NULL;
	size_t length;

	if (!file_read(folder, name, INPUT_MOST, name, &bytes, &length, error))
		return false;
	/* Of exactly this size, so that AddressSanitizer sees every byte read beyond it. */
	exact = malloc(length);
	if (!bytes || (!exact && length > 0))
		return error_set(error, ERROR_INTERNAL, "%s is gone, or no memory", name);
	memcpy(exact, bytes, length);
	LLVMFuzzerTestOneInput(exact, length);
	return true;
}

static bool replay_folder(const char *path, struct error *error)
{
	scoped(DIR) DIR *listing = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	if (!listing)
		return error_set(error, ERROR_USAGE, "cannot open %s: %s", path, strerror(errno));
	for (entry = readdir(listing); entry; entry = readdir(listing)) {
		if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, ".."))
			continue;
		if (!replay_file(dirfd(listing), entry->d_name, error))
			return false;
		count++;
	}
	printf("%s: %zu files\n", path, count);
	return count > 0 || error_set(error, ERROR_USAGE, "%s is empty", path);
}

int main(int argc, char **argv)
{
	struct error error = ERROR_INIT;

	for (int i = 1; i < argc; i++) {
		if (replay_folder(argv[i], &error))
			continue;
		fprintf(stderr, "replay: %s\n", error.message);
		return error_exit_status(error.kind);
	}
	return argc > 1 ? 0 : error_exit_status(ERROR_USAGE);
}
