/*
 * gateway.json, through its file: what is accepted comes back the same when it is saved; all else is
 * nothing known.
 */
#include "agent/state/gateway.h"

#include "tests/fakes/state_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store *store = state_folder_shared();
	struct error error = ERROR_INIT;
	struct gateway gateway;
	struct gateway again;

	state_folder_write_bytes("orders/gateway.json", data, size);
	gateway_read(store, &gateway);
	must(cJSON_GetArraySize(gateway.names) <= GATEWAY_NAMES_MAX);
	must(gateway_save(store, &gateway, &error));
	gateway_read(store, &again);
	must(gateway.seen == again.seen && gateway.generation == again.generation
	     && gateway.missing_since == again.missing_since && gateway.probed == again.probed
	     && gateway.clock_ahead == again.clock_ahead);
	must(!gateway.names == !again.names
	     && (!gateway.names || cJSON_Compare(gateway.names, again.names, true)));
	gateway_clear(&gateway);
	gateway_clear(&again);
	return 0;
}
