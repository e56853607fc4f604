/*
 * debts.json, through its file: debts that are accepted come back the same when they are saved;
 * others are set aside.
 */
#include "agent/state/debts.h"

#include "agent/state/store.h"
#include "tests/fakes/state_folder.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct debts load(const struct store *store, bool *ret_damaged)
{
	struct error error = ERROR_INIT;
	struct debts debts;

	memset(&debts, 0, sizeof(debts));
	must(debts_load(store, &debts, ret_damaged, &error));
	return debts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store *store = state_folder_shared();
	struct error error = ERROR_INIT;
	struct debts debts;
	struct debts again;
	bool damaged;

	state_folder_write_bytes("orders/debts.json", data, size);
	debts = load(store, &damaged);
	must(debts.count <= DEBTS_MAX && !(damaged && debts.count > 0));
	if (damaged)
		memset(&debts, 0, sizeof(debts));
	must(damaged == !state_folder_has("orders/debts.json"));
	must(debts_save(store, &debts, &error));
	again = load(store, &damaged);
	must(!damaged && memcmp(&again, &debts, sizeof(debts)) == 0);
	return 0;
}
