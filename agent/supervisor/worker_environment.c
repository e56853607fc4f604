#include "agent/supervisor/worker_environment.h"

#include "base/compiler.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* With a '*' at its end the beginning of names. */
static const char *const removed[] = {
	"SSLKEYLOGFILE",     /* libcurl writes the keys of its connections there */
	"SSL_CERT_*",        /* OpenSSL's trust store */
	"OPENSSL_*",         /* its configuration, engines and modules */
	"NETRC", "PKCS11_*", /* PINs, modules and debugging of libp11 and pkcs11-provider */
};

static bool matches(const char *pattern, const char *name, size_t length)
{
	size_t size = strlen(pattern);

	if (pattern[size - 1] == '*')
		return length >= size - 1 && strncmp(pattern, name, size - 1) == 0;
	return length == size && strncmp(pattern, name, size) == 0;
}

static bool is_kept(const char *variable, const struct setting_list *kept)
{
	size_t length = strcspn(variable, "=");

	for (size_t i = 0; i < kept->count; i++)
		if (matches(kept->items[i], variable, length))
			return true;
	for (size_t i = 0; i < ARRAY_LENGTH(removed); i++)
		if (matches(removed[i], variable, length))
			return false;
	return true;
}

char **worker_environment_make(char *const *from, const struct setting_list *kept)
{
	size_t count = 0;
	char **made;

	while (from[count])
		count++;
	made = calloc(count + 1, sizeof(*made));
	if (!made)
		abort();
	count = 0;
	for (; *from; from++)
		if (is_kept(*from, kept))
			made[count++] = *from;
	return made;
}
