/*
 * agent/config: what is accepted comes back from its JSON as it was; what is refused is ERROR_CONFIG
 * with the file's name.
 */
#include "agent/config/config.h"

#include "base/scoped.h"
#include "base/text.h"

#include <stdint.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_identity(const struct identity_settings *settings)
{
	scoped(cJSON) cJSON *json = identity_settings_to_json(settings);
	scoped(cJSON) cJSON *json_again = NULL;
	scoped(identity_settings) struct identity_settings *again = NULL;
	struct error error = ERROR_INIT;

	must(identity_settings_from_json(json, &again, &error));
	json_again = identity_settings_to_json(again);
	must(cJSON_Compare(json, json_again, true));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(config) struct config *config = NULL;
	scoped(fd) int file = memfd_create("config", MFD_CLOEXEC);
	struct error error = ERROR_INIT;
	char path[64];

	must(file >= 0 && write(file, data, size) == (ssize_t)size);
	must(text_format(path, sizeof(path), "/proc/self/fd/%d", file));
	if (!config_load(path, &config, &error)) {
		must(error.kind == ERROR_CONFIG && text_starts_with(error.message, path));
		return 0;
	}
	for (size_t i = 0; i < config->count; i++)
		check_identity(&config->identities[i]);
	return 0;
}
