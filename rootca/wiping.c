#include "rootca/wiping.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

void wiped_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void *take_for_openssl(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size > 0 ? malloc(size) : NULL;
}

static void give_back_of_openssl(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	wiped_free(memory);
}

/* realloc() would leave what it moves behind. */
static void *grow_for_openssl(void *memory, size_t size, const char *file, int line)
{
	size_t before = memory ? malloc_usable_size(memory) : 0;
	void *larger = take_for_openssl(size, file, line);

	if (!larger && size > 0)
		return NULL;
	if (larger && memory)
		memcpy(larger, memory, before < size ? before : size);
	wiped_free(memory);
	return larger;
}

bool wiping_begin(struct error *error)
{
	cJSON_Hooks hooks = { .malloc_fn = malloc, .free_fn = wiped_free };

	cJSON_InitHooks(&hooks);
	return CRYPTO_set_mem_functions(take_for_openssl, grow_for_openssl, give_back_of_openssl)
	       || error_set(error, ERROR_INTERNAL, "OpenSSL has taken memory already");
}
