#include "tests/unit/state_setup.h"

#include "tests/fakes/file_calls.h"
#include "tests/fakes/state_folder.h"

#include <sys/stat.h>

int state_setup_nothing(void **state)
{
	(void)state;
	state_folder_make();
	return 0;
}

int state_setup_folder(void **state)
{
	(void)state;
	state_folder_make();
	return mkdir(state_folder_path(), 0755);
}

int state_setup_store(void **state)
{
	struct store **store = *state;

	state_folder_make();
	*store = state_folder_open();
	return 0;
}

int state_setup_discard(void **state)
{
	(void)state;
	file_calls_leave_alone();
	state_folder_discard();
	return 0;
}

int state_setup_close(void **state)
{
	struct store **store = *state;

	store_close(*store);
	return state_setup_discard(state);
}
