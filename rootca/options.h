#pragma once
/*
 * The command line: root-ca COMMAND [OPTION...] [FILE...].
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum rotation_reason {
	ROTATION_NONE, /* not given */
	ROTATION_EXPIRING,
	ROTATION_COMPROMISED_CERTIFICATE,
	ROTATION_COMPROMISED_KEY,
};

#define OPTIONS_FLEETS_MAX 64
#define OPTIONS_DAYS_MAX (50 * 366)

struct options {
	const struct root_ca_command *command; /* NULL: --help or --version without one */
	bool help, version, json;

	enum rotation_reason reason;
	uint32_t days;       /* 0: not given */
	bool finish;         /* what an earlier rotation began */
	const char *subject; /* NULL: as it was */
	bool change_subject;

	const char *fleets[OPTIONS_FLEETS_MAX]; /* reports of the hosts: files, folders */
	size_t fleet_count;
	bool without_report;

	const char *const *operands; /* what is left; borrowed from argv */
	size_t operand_count;
};

/* Sorts argv. Every failure is ERROR_USAGE. ret_options->json is right even then. */
MUST_CHECK bool options_parse(
    int argc, char **argv, struct options *ret_options, struct error *error);
void options_print_help(FILE *stream);
