/*
 * pkcs11/pin: what a file holds is the PIN without one newline, or is refused.
 */
#include "pkcs11/pin.h"

#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_pin(const struct secret *pin, const uint8_t *data, size_t size)
{
	const char *bytes = secret_bytes(pin);
	size_t length = secret_length(pin);

	must(length > 0 && length <= size && size - length <= 2);
	must(memcmp(bytes, data, length) == 0 && bytes[length] == '\0');
	must(strlen(bytes) == length && !strpbrk(bytes, "\r\n"));
}

/* A memfd is a regular file without a name; /proc gives it one. */
static void read_file(const uint8_t *data, size_t size)
{
	scoped(fd) int file = memfd_create("pin", MFD_CLOEXEC);
	scoped(secret) struct secret *from_file = NULL;
	scoped(secret) struct secret *from_descriptor = NULL;
	struct error error = ERROR_INIT;
	char path[64];
	const struct pin_source by_name = { .kind = PIN_FILE, .name = path };
	const struct pin_source by_descriptor = { .kind = PIN_DESCRIPTOR, .descriptor = file };
	bool good;

	must(file >= 0 && write(file, data, size) == (ssize_t)size && fchmod(file, 0600) == 0);
	must(lseek(file, 0, SEEK_SET) == 0);
	text_format(path, sizeof(path), "/proc/self/fd/%d", file);
	good = pin_read(&by_name, &from_file, &error);
	must(good || error.kind == ERROR_PIN);
	must(pin_read(&by_descriptor, &from_descriptor, &error) == good);
	if (!good)
		return;
	check_pin(from_file, data, size);
	check_pin(from_descriptor, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_file(data, size);
	return 0;
}
