#pragma once
/*
 * The four commands, one row and one file each.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct options;

struct root_ca_command {
	const char *name;
	bool (*run)(const struct options *options, struct error *error);
	const char *arguments;
	const char *sentence;
};

#define ROOT_CA_COMMANDS 4
extern const struct root_ca_command root_ca_commands[ROOT_CA_COMMANDS];

MUST_CHECK bool command_inspect(const struct options *options, struct error *error);
MUST_CHECK bool command_rotate(const struct options *options, struct error *error);
MUST_CHECK bool command_retire(const struct options *options, struct error *error);
MUST_CHECK bool command_report(const struct options *options, struct error *error);
