#include "base/secret.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

struct secret {
	size_t length;
	char bytes[SECRET_SIZE_MAX + 1];
};

bool secret_new(struct secret **ret_secret, struct error *error)
{
	void *pages = mmap(NULL, sizeof(struct secret), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return error_set(
		    error, ERROR_INTERNAL, "no memory for a secret: %s", strerror(errno));
	/* RLIMIT_MEMLOCK may be 0 in a container: swap is then what the host makes of it. */
	(void)mlock(pages, sizeof(struct secret));
	(void)madvise(pages, sizeof(struct secret), MADV_DONTDUMP);

	*ret_secret = pages;
	return true;
}

void secret_discard(struct secret *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret, sizeof(*secret));
	munmap(secret, sizeof(*secret));
}

static void empty(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

bool secret_read(struct secret *secret, int descriptor, const char *what, struct error *error)
{
	empty(secret);
	while (secret->length <= SECRET_SIZE_MAX) {
		ssize_t count = read(descriptor, secret->bytes + secret->length,
		    sizeof(secret->bytes) - secret->length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			int reason = errno;

			empty(secret);
			return error_set(error, file_error_kind(reason), "cannot read %s: %s", what,
			    strerror(reason));
		}
		if (count == 0)
			return true;
		secret->length += (size_t)count;
	}
	empty(secret);
	return error_set(error, ERROR_CONFIG, "%s is longer than %d bytes", what, SECRET_SIZE_MAX);
}

void secret_trim_newline(struct secret *secret)
{
	static const char ends[] = { '\n', '\r' };

	for (size_t i = 0; i < sizeof(ends); i++) {
		if (secret->length == 0 || secret->bytes[secret->length - 1] != ends[i])
			return;
		secret->bytes[--secret->length] = '\0';
	}
}

bool secret_set(struct secret *secret, const void *bytes, size_t length, struct error *error)
{
	if (length > SECRET_SIZE_MAX)
		return error_set(
		    error, ERROR_CONFIG, "a secret is longer than %d bytes", SECRET_SIZE_MAX);
	empty(secret);
	if (length > 0)
		memcpy(secret->bytes, bytes, length);
	secret->length = length;
	return true;
}

const char *secret_bytes(const struct secret *secret)
{
	return secret->bytes;
}

size_t secret_length(const struct secret *secret)
{
	return secret->length;
}

bool secret_protect_process(struct error *error)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return error_set(error, ERROR_INTERNAL, "cannot keep secrets out of core dumps: %s",
		    strerror(errno));
	return true;
}
