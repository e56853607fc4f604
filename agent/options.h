#pragma once
/*
 * The command line: renewal-agent [options] COMMAND [options].
 *
 * One table says which options there are, which commands take them and what they mean; parser and
 * help come from it. Names are written out in full: an abbreviation that works today may mean
 * something else tomorrow.
 */
#include "agent/audit/audit_verify.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct command;

#define OPTIONS_OPERANDS_MAX 256

struct options {
	const struct command *command; /* NULL: --help or --version without one */
	bool help, version;

	const char *config;   /* NULL: the default */
	const char *identity; /* NULL: the only one */
	bool all;
	bool json;
	bool detailed_exitcode;
	bool verbose;

	const char *token_file, *url;       /* enroll */
	const char *certificate, *key, *ca; /* adopt */
	bool force;                         /* adopt, renew */
	bool dry_run;                       /* renew */
	bool revoke_old, destroy_old;       /* renew */
	bool retry_pin;                     /* enroll, adopt, renew, rollback */
	bool prune, unknown;                /* keys */
	bool active;                        /* revoke */
	uint32_t generation;                /* revoke; 0: not given */
	struct audit_remembered head;       /* audit; "": not given */
	int64_t bucket;                     /* plan; seconds, 0: not given */

	const char *operands[OPTIONS_OPERANDS_MAX]; /* the words behind the command */
	size_t operand_count;
};

/* Borrows from argv. Every failure is ERROR_USAGE and says what there is. ret_options->json is
   right even then, since a failure is reported as JSON too, and so is the command as far as it was
   understood. */
MUST_CHECK bool options_parse(
    int argc, char *const *argv, struct options *ret_options, struct error *error);

/* command NULL: all of them. */
void options_print_help(FILE *stream, const struct command *command);

/* One row of the table, for what is generated from it. */
struct option_row {
	const char *name;     /* without the -- */
	const char *argument; /* NULL: it has none */
	unsigned commands;    /* enum command_bit */
};

/* False when there is none of this number; from 0 on. */
bool options_row(size_t number, struct option_row *ret_row);
