/*
 * audit.jsonl: whatever the file holds, it is read within its bounds, and after one more event its
 * tail is whole; a chain that was whole still is.
 */
#include "agent/audit/audit.h"

#include "agent/audit/audit_verify.h"
#include "agent/state/store.h"
#include "tests/fakes/state_folder.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct audit_remembered nothing = { .count = 0 };
	const struct audit_event event = { "key_destroyed", NULL, NULL, NULL };
	struct store *store = state_folder_shared();
	struct error error = ERROR_INIT;
	struct audit_findings before, after;
	struct audit_head head;
	bool whole;

	state_folder_write_bytes("orders/" AUDIT_NAME, data, size);
	whole = audit_verify(store, &nothing, &before, &error);
	must(whole == (before.broken_at == 0));
	must(before.count <= (int64_t)size);
	must(audit_append(store, &event, &error));
	must(audit_read_head(store, &head, &error) && head.count > 0);
	if (audit_verify(store, &nothing, &after, &error))
		must(after.count == head.count && after.torn_bytes == 0);
	else
		must(!whole);
	return 0;
}
