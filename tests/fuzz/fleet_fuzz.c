/*
 * fleet: whatever the reports of hosts hold, they are refused with a reason or have names that fit.
 */
#include "fleet/fleet.h"

#include "base/scoped.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(fleet) struct fleet fleet = { .count = 0 };
	struct error error = ERROR_INIT;
	int file = memfd_create("reports", MFD_CLOEXEC);
	char path[64];
	const char *const paths[] = { path };

	if (file < 0 || write(file, data, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (!fleet_read(paths, 1, NULL, &fleet, &error)) {
		if (error.kind == ERROR_NONE || error.message[0] == '\0' || fleet.identities)
			abort();
	} else if (fleet.count == 0 || !memchr(fleet.identities[0].host, '\0', FLEET_NAME_SIZE)) {
		abort();
	}
	close(file);
	return 0;
}
