#include "agent/options.h"

#include "agent/commands/commands.h"
#include "agent/config/url_check.h"
#include "base/duration.h"
#include "base/text.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct options, member)

struct option {
	const char *name;
	const char *argument; /* NULL: it has none */
	int letter;           /* 0: none */
	unsigned commands;    /* enum command_bit */
	size_t offset;
	bool (*parse)(const char *text, void *at, struct error *error); /* NULL: a switch */
	const char *sentence;
};

static bool parse_text(const char *text, void *at, struct error *error)
{
	if (text[0] == '\0')
		return error_set(error, ERROR_USAGE, "must not be empty");
	*(const char **)at = text;
	return true;
}

static bool parse_url(const char *text, void *at, struct error *error)
{
	if (!url_check(text, error)) {
		error->kind = ERROR_USAGE;
		return false;
	}
	*(const char **)at = text;
	return true;
}

static bool parse_generation(const char *text, void *at, struct error *error)
{
	uint64_t number;

	if (!text_parse_number(text, 1, UINT32_MAX, &number))
		return error_set(error, ERROR_USAGE, "must be the number of a generation");
	*(uint32_t *)at = (uint32_t)number;
	return true;
}

static bool parse_bucket(const char *text, void *at, struct error *error)
{
	int64_t seconds;

	if (!duration_parse(text, &seconds) || seconds == 0)
		return error_set(
		    error, ERROR_USAGE, "must be a span of time, as 30s, 5min, 1h or 1d");
	*(int64_t *)at = seconds;
	return true;
}

static bool parse_head(const char *text, void *at, struct error *error)
{
	return audit_remembered_parse(text, at, error);
}

/* clang-format off */
static const struct option table[] = {
	{ "config", "FILE", 0, COMMAND_EVERY, AT(config), parse_text,
	  "read this configuration (else RENEWAL_AGENT_CONFIG, else /etc/renewal-agent/renewal-agent.conf)" },
	{ "identity", "NAME", 0, COMMAND_EVERY, AT(identity), parse_text,
	  "the identity meant; not needed when there is only one" },
	{ "all", NULL, 0, COMMAND_RENEW | COMMAND_STATUS | COMMAND_KEYS | COMMAND_DOCTOR
	  | COMMAND_AUDIT | COMMAND_RUN, AT(all), NULL,
	  "all identities, one after another" },
	{ "json", NULL, 0, COMMAND_EVERY, AT(json), NULL,
	  "print one JSON object on stdout" },
	{ "detailed-exitcode", NULL, 0, COMMAND_EVERY, AT(detailed_exitcode), NULL,
	  "exit with 10 instead of 0 when nothing was changed" },
	{ "verbose", NULL, 'v', COMMAND_EVERY, AT(verbose), NULL,
	  "say more on stderr" },
	{ "help", NULL, 'h', COMMAND_EVERY, AT(help), NULL,
	  "show this text" },
	{ "version", NULL, 0, COMMAND_EVERY, AT(version), NULL,
	  "show the version" },

	{ "token-file", "FILE", 0, COMMAND_ENROLL, AT(token_file), parse_text,
	  "the one-time token, plain or in the Director's rawEncoded form; - is stdin" },
	{ "url", "URL", 0, COMMAND_ENROLL, AT(url), parse_url,
	  "the token-secured URL of the Connector (else that of the token, else enrollment_url)" },
	{ "certificate", "FILE", 0, COMMAND_ADOPT, AT(certificate), parse_text,
	  "the certificate to take over, PEM, perhaps with its chain" },
	{ "key", "FILE|URI", 0, COMMAND_ADOPT, AT(key), parse_text,
	  "its RSA key: a PEM file that is not encrypted, or a pkcs11: URI with id= or object=; it stays where it is" },
	{ "ca", "FILE", 0, COMMAND_ADOPT, AT(ca), parse_text,
	  "the CA certificates, PEM, when they are not beside the certificate" },
	{ "force", NULL, 0, COMMAND_ADOPT | COMMAND_RENEW, AT(force), NULL,
	  "renew: now, due or not, outside of windows and in a back-off too; adopt: in the place of what is active" },
	{ "dry-run", NULL, 0, COMMAND_RENEW, AT(dry_run), NULL,
	  "try token, key and connection, and change nothing" },
	{ "revoke-old", NULL, 0, COMMAND_RENEW, AT(revoke_old), NULL,
	  "with --force: revoke what is replaced, and every retained certificate, once the new one is active" },
	{ "destroy-old", NULL, 0, COMMAND_RENEW, AT(destroy_old), NULL,
	  "with --force: destroy their keys, whatever retain says; with --revoke-old, after that" },
	{ "retry-pin", NULL, 0, COMMAND_ENROLL | COMMAND_ADOPT | COMMAND_RENEW | COMMAND_ROLLBACK, AT(retry_pin), NULL,
	  "try the PIN although the token has refused it before" },
	{ "prune", NULL, 0, COMMAND_KEYS, AT(prune), NULL,
	  "destroy the keys that crashes have left over" },
	{ "unknown", NULL, 0, COMMAND_KEYS, AT(unknown), NULL,
	  "with --prune: also objects without a name, which may belong to another program" },
	{ "generation", "N", 0, COMMAND_REVOKE, AT(generation), parse_generation,
	  "revoke the certificate of this generation" },
	{ "active", NULL, 0, COMMAND_REVOKE, AT(active), NULL,
	  "revoke the active certificate; a one-time token is needed afterwards" },
	{ "head", "HASH", 0, COMMAND_AUDIT, AT(head), parse_head,
	  "HASH or COUNT:HASH: what status or the metrics showed before must be in the chain" },
	{ "bucket", "SPAN", 0, COMMAND_PLAN, AT(bucket), parse_bucket,
	  "the span of time that a line of the histogram stands for, as 30s, 5min, 1h, 1d" },
};
/* clang-format on */

/* The arguments, and how far they are read. */
struct reader {
	int argc;
	char *const *argv;
	int at;
	uint32_t seen; /* bit i: row i of the table was given */
};

_Static_assert(ARRAY_LENGTH(table) <= 32, "every option has its bit");

static const struct option *find(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
		if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
			return &table[i];
	return NULL;
}

static const struct option *find_letter(const char *letters)
{
	for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
		if (table[i].letter && table[i].letter == letters[0] && letters[1] == '\0')
			return &table[i];
	return NULL;
}

static bool refuse_unknown(const char *argument, struct error *error)
{
	const char *name = argument + strspn(argument, "-");
	const char *nearest = NULL;
	size_t least = 2 + strlen(name) / 3; /* further apart is another word */

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		size_t distance = text_distance(name, table[i].name);

		if (distance >= least)
			continue;
		least = distance;
		nearest = table[i].name;
	}
	if (!nearest)
		return error_set(error, ERROR_USAGE,
		    "unknown option %.64s: renewal-agent --help shows them", argument);
	return error_set(
	    error, ERROR_USAGE, "unknown option %.64s: did you mean --%s?", argument, nearest);
}

static bool take_option(struct reader *reader, const struct option *option, const char *value,
    struct options *options, struct error *error)
{
	void *at = (char *)options + option->offset;

	reader->seen |= UINT32_C(1) << (option - table);
	if (!option->parse) {
		if (value)
			return error_set(error, ERROR_USAGE, "--%s takes no value", option->name);
		*(bool *)at = true;
		return true;
	}
	if (!value && reader->at < reader->argc)
		value = reader->argv[reader->at++];
	if (!value)
		return error_set(
		    error, ERROR_USAGE, "--%s needs a %s", option->name, option->argument);
	return option->parse(value, at, error) || error_prefix(error, "--%s", option->name);
}

static bool take_operand(const char *word, struct options *options, struct error *error)
{
	const struct command *command = options->command;

	if (command->operands == 0)
		return error_set(
		    error, ERROR_USAGE, "one command at a time: %s or %.64s", command->name, word);
	if (options->operand_count == command->operands)
		return error_set(error, ERROR_USAGE, "%s takes %zu word%s: renewal-agent %s --help",
		    command->name, command->operands, command->operands == 1 ? "" : "s",
		    command->name);
	options->operands[options->operand_count++] = word;
	return true;
}

static bool take_command(const char *name, struct options *options, struct error *error)
{
	const struct command *nearest;

	if (options->command)
		return take_operand(name, options, error);
	options->command = command_find(name);
	if (options->command)
		return true;
	nearest = command_nearest(name);
	if (!nearest)
		return error_set(error, ERROR_USAGE,
		    "unknown command \"%.64s\": renewal-agent --help shows them", name);
	return error_set(
	    error, ERROR_USAGE, "unknown command \"%.64s\": did you mean %s?", name, nearest->name);
}

static bool take_argument(struct reader *reader, struct options *options, struct error *error)
{
	const char *argument = reader->argv[reader->at++];
	const char *name = argument + 2;
	size_t length = strcspn(name, "=");
	const struct option *option;

	if (argument[0] != '-' || argument[1] == '\0')
		return take_command(argument, options, error);
	if (argument[1] != '-')
		option = find_letter(argument + 1);
	else
		option = find(name, length);
	if (!option)
		return refuse_unknown(argument, error);
	return take_option(reader, option,
	    argument[1] == '-' && name[length] == '=' ? name + length + 1 : NULL, options, error);
}

/* What the command says about its options. */
static bool check(const struct options *options, uint32_t seen, struct error *error)
{
	const unsigned bit = options->command->bit;

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
		if ((seen & UINT32_C(1) << i) && !(table[i].commands & bit))
			return error_set(error, ERROR_USAGE, "--%s does not go with %s",
			    table[i].name, options->command->name);
	if (bit == COMMAND_PLAN && options->identity)
		return error_set(error, ERROR_USAGE, "--identity does not go with plan");
	if (options->all && options->identity)
		return error_set(error, ERROR_USAGE, "--identity and --all exclude each other");
	if (bit == COMMAND_ENROLL && !options->token_file)
		return error_set(error, ERROR_USAGE, "enroll needs --token-file FILE (- is stdin)");
	if (bit == COMMAND_ADOPT && (!options->certificate || !options->key))
		return error_set(error, ERROR_USAGE,
		    "adopt needs --certificate FILE and --key FILE (or a pkcs11: URI)");
	if ((options->revoke_old || options->destroy_old) && (!options->force || options->dry_run))
		return error_set(error, ERROR_USAGE,
		    "--%s needs --force%s: it is about what a renewal in this run replaces",
		    options->revoke_old ? "revoke-old" : "destroy-old",
		    options->dry_run ? ", and does not go with --dry-run" : "");
	if (bit == COMMAND_KEYS && options->unknown && !options->prune)
		return error_set(error, ERROR_USAGE, "--unknown only goes with --prune");
	if (bit == COMMAND_REVOKE && options->active == (options->generation != 0))
		return error_set(
		    error, ERROR_USAGE, "revoke needs one of --generation N and --active");
	if (bit == COMMAND_AUDIT
	    && (options->operand_count != 1 || !text_equal(options->operands[0], "verify")))
		return error_set(error, ERROR_USAGE, "audit needs the word verify behind it");
	if (options->all && options->head.sha256[0])
		return error_set(
		    error, ERROR_USAGE, "--head is that of one identity: name it by --identity");
	return true;
}

/* Looked for before anything is understood. */
static bool wants_json(int argc, char *const *argv)
{
	for (int i = 1; i < argc; i++)
		if (text_equal(argv[i], "--json"))
			return true;
	return false;
}

static bool parse(int argc, char *const *argv, struct options *options, struct error *error)
{
	struct reader reader = { argc, argv, 1, 0 };

	while (reader.at < argc)
		if (!take_argument(&reader, options, error))
			return false;
	if (options->help || options->version)
		return true;
	if (!options->command)
		return error_set(
		    error, ERROR_USAGE, "which command? renewal-agent --help shows them");
	return check(options, reader.seen, error);
}

bool options_parse(int argc, char *const *argv, struct options *ret_options, struct error *error)
{
	struct options options = { 0 };

	if (!parse(argc, argv, &options, error)) {
		*ret_options = (struct options){
			.json = wants_json(argc, argv),
			.command = options.command,
		};
		return false;
	}
	/* What only looks has nothing to do that it could have done. */
	if (options.command && options.command->access == COMMAND_READS)
		options.detailed_exitcode = false;

	*ret_options = options;
	return true;
}

static void print_options(FILE *stream, unsigned commands, bool common)
{
	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		const struct option *option = &table[i];
		char shown[40];

		if (!(option->commands & commands) || (option->commands == COMMAND_EVERY) != common)
			continue;
		text_format(shown, sizeof(shown), "--%s%s%s", option->name,
		    option->argument ? " " : "", option->argument ? option->argument : "");
		if (option->letter)
			text_format(
			    shown, sizeof(shown), "-%c, --%s", option->letter, option->name);
		fprintf(stream, "  %-20s %s\n", shown, option->sentence);
	}
}

void options_print_help(FILE *stream, const struct command *command)
{
	if (command) {
		fprintf(stream, "usage: renewal-agent [OPTION...] %s %s\n\n%s: %s.\n\n",
		    command->name, command->arguments, command->name, command->sentence);
		print_options(stream, command->bit, false);
		fprintf(stream, "\n");
		print_options(stream, command->bit, true);
		return;
	}
	fprintf(stream,
	    "usage: renewal-agent [OPTION...] COMMAND\n\n"
	    "Keeps client certificates of the Kyma Compass Connector fresh, with keys that are\n"
	    "generated inside a PKCS#11 token and never leave it.\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(stream, "  %-20s %s\n", command_table[i].name, command_table[i].sentence);
	fprintf(stream, "\n");
	print_options(stream, COMMAND_EVERY, true);
	fprintf(stream,
	    "\n  renewal-agent COMMAND --help shows a command's own options.\n"
	    "\nExit status: 0 done or nothing to do, 20 supply a one-time token, 64 command line,\n"
	    "69 token, 70 bug, 75 try again later, 76 the Connector refused, 77 PIN or "
	    "permission,\n"
	    "78 configuration.\n");
}

bool options_row(size_t number, struct option_row *ret_row)
{
	if (number >= ARRAY_LENGTH(table))
		return false;
	*ret_row = (struct option_row){
		.name = table[number].name,
		.argument = table[number].argument,
		.commands = table[number].commands,
	};
	return true;
}
