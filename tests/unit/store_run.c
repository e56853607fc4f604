#include "tests/unit/store_run.h"

#include "base/scoped.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/test.h"

void store_run_write(struct store *store, uint32_t number)
{
	struct error error = ERROR_INIT;
	scoped(generation) struct generation generation = state_folder_generation(number);

	assert_ok(store_write(store, &generation, &error), &error);
}

void store_run_activate(struct store *store, uint32_t number)
{
	struct error error = ERROR_INIT;

	assert_ok(store_activate(store, number, &error), &error);
}

uint32_t store_run_active(const struct store *store)
{
	struct error error = ERROR_INIT;
	uint32_t number;

	assert_ok(store_active(store, &number, &error), &error);
	return number;
}

struct store *store_run_open_with_two(void)
{
	struct store *store = state_folder_open();

	store_run_write(store, 1);
	store_run_write(store, 2);
	store_run_activate(store, 1);
	return store;
}

void store_run_assert_sound(const struct store *store)
{
	uint32_t numbers[STORE_GENERATIONS_MAX];
	struct error error = ERROR_INIT;
	bool active_is_there = store_run_active(store) == 0;
	size_t count;

	assert_ok(store_list(store, numbers, &count, &error), &error);
	while (count-- > 0) {
		scoped(generation) struct generation generation = { 0 };

		assert_ok(store_load(store, numbers[count], &generation, &error), &error);
		active_is_there = active_is_there || numbers[count] == store_run_active(store);
	}
	assert_true(active_is_there);
}
