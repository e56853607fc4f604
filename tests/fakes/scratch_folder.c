#include "tests/fakes/scratch_folder.h"

#include "base/text.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

void scratch_folder_make(char path[SCRATCH_FOLDER_SIZE])
{
	if (!text_copy(path, SCRATCH_FOLDER_SIZE, "/tmp/unit-test-XXXXXX") || !mkdtemp(path))
		abort();
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

void scratch_folder_remove(const char *path)
{
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
		abort();
}
