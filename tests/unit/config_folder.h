#pragma once
/*
 * A folder with a configuration in it: main.conf and conf.d/.
 */
#include "agent/config/config.h"
#include "tests/fakes/scratch_folder.h"
#include "tests/unit/test.h"

#include <stdbool.h>

/* What an identity must have, and one that has just that. */
#define NEEDED                                                                                     \
	"connector_url = https://gateway.example.com/connector/graphql\n"                          \
	"module = /usr/lib/softhsm/libsofthsm2.so\n"                                               \
	"token = pkcs11:token=fleet\n"
#define ORDERS "[identity orders]\n" NEEDED

#define CONFIG_FOLDER_PATH_SIZE 256

struct config_folder {
	char path[SCRATCH_FOLDER_SIZE];
};

/* Set-up and tear-down of a test: *state is the folder. */
int config_folder_make(void **state);
int config_folder_discard(void **state);
#define in_a_folder(test)                                                                          \
	cmocka_unit_test_setup_teardown(test, config_folder_make, config_folder_discard)

/* The path of a name in it. */
void config_folder_locate(
    const struct config_folder *folder, const char *name, char path[CONFIG_FOLDER_PATH_SIZE]);
void config_folder_write(const struct config_folder *folder, const char *name, const char *text);

/* From main.conf. */
bool config_folder_load(
    const struct config_folder *folder, struct config **ret_config, struct error *error);
/* Owned by the caller; what cannot be loaded fails the test. */
struct config *config_folder_must_load(const struct config_folder *folder);
