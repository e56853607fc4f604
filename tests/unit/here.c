#include "tests/unit/here.h"

#include "base/scoped.h"
#include "tests/fakes/scratch_folder.h"
#include "tests/unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

int __real_close(int file);
int __wrap_close(int file);

int __wrap_close(int file)
{
	int result = __real_close(file);

	assert_int_equal(result, 0);
	return result;
}

int here = -1;
static char path[SCRATCH_FOLDER_SIZE];
static int descriptors;

static int count_descriptors(void)
{
	scoped(DIR) DIR *listing = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(listing);
	while (readdir(listing))
		count++;
	return count;
}

int here_enter(void **state)
{
	(void)state;
	scratch_folder_make(path);
	assert_int_equal(chdir(path), 0);
	here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	descriptors = count_descriptors();
	return here < 0;
}

int here_leave(void **state)
{
	(void)state;
	assert_int_equal(count_descriptors(), descriptors);
	unlink("file");
	rmdir("folder");
	close(here);
	return chdir("/") != 0 || rmdir(path) != 0;
}

void here_put(const char *name, const void *content, size_t length)
{
	scoped(FILE) FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, length, file), length);
}
