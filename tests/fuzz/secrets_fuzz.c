/*
 * rootca: whatever comes instead of two Secrets is refused with a reason, or is told apart into them.
 */
#include "base/scoped.h"
#include "rootca/input.h"
#include "rootca/secret_object.h"
#include "rootca/standing.h"

#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const char *path)
{
	scoped(input) struct input input = { .count = 0 };
	scoped(standing) struct standing standing = { .signer = NULL };
	struct error error = ERROR_INIT;

	if (!input_read(&path, 1, &input, &error) || !standing_read(&input, &standing, &error)) {
		if (error.kind == ERROR_NONE || error.message[0] == '\0' || standing.trusted)
			abort();
		return;
	}
	if (!standing.pair.key != (standing.key_fault.kind != ERROR_NONE)
	    || sk_X509_num(standing.trusted) < 1 || standing.signer == standing.gateway)
		abort();
	secret_object_clean(standing.signer);
	secret_object_clean(standing.gateway);
	if (!secret_object_check(standing.signer, &error))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int file = memfd_create("secrets", MFD_CLOEXEC);
	char path[64];

	if (file < 0 || write(file, data, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	look(path);
	ERR_clear_error();
	close(file);
	return 0;
}
