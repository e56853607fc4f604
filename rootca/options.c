#include "rootca/options.h"

#include "base/text.h"
#include "rootca/commands.h"

#include <getopt.h>
#include <string.h>

/* clang-format off */
const struct root_ca_command root_ca_commands[ROOT_CA_COMMANDS] = {
	{ "inspect", command_inspect, "[FILE...]",
	  "show both Secrets, the step that a rotation has come to, and what comes next" },
	{ "rotate", command_rotate,
	  "--reason expiring|compromised-certificate|compromised-key --days N | --finish [FILE...]",
	  "print the Secrets with a new CA, for kubectl replace -f -" },
	{ "retire", command_retire, "--fleet FILE|FOLDER... | --without-report [FILE...]",
	  "print the gateway's Secret without the old CA" },
	{ "report", command_report, "FILE|FOLDER...",
	  "say from the hosts' status which of them is on which CA" },
};
/* clang-format on */

enum letter {
	LETTER_REASON = 256,
	LETTER_DAYS,
	LETTER_FINISH,
	LETTER_SUBJECT,
	LETTER_CHANGE_SUBJECT,
	LETTER_FLEET,
	LETTER_WITHOUT_REPORT,
	LETTER_JSON,
	LETTER_VERSION,
};

static const struct option table[] = {
	{ "reason", required_argument, NULL, LETTER_REASON },
	{ "days", required_argument, NULL, LETTER_DAYS },
	{ "finish", no_argument, NULL, LETTER_FINISH },
	{ "subject", required_argument, NULL, LETTER_SUBJECT },
	{ "change-subject", no_argument, NULL, LETTER_CHANGE_SUBJECT },
	{ "fleet", required_argument, NULL, LETTER_FLEET },
	{ "without-report", no_argument, NULL, LETTER_WITHOUT_REPORT },
	{ "json", no_argument, NULL, LETTER_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, LETTER_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char *const reasons[] = {
	[ROTATION_EXPIRING] = "expiring",
	[ROTATION_COMPROMISED_CERTIFICATE] = "compromised-certificate",
	[ROTATION_COMPROMISED_KEY] = "compromised-key",
};

static bool take_reason(const char *text, struct options *options, struct error *error)
{
	for (size_t i = ROTATION_EXPIRING; i < ARRAY_LENGTH(reasons); i++) {
		if (!text_equal(text, reasons[i]))
			continue;
		options->reason = (enum rotation_reason)i;
		return true;
	}
	return error_set(error, ERROR_USAGE,
	    "--reason is one of expiring, compromised-certificate and compromised-key");
}

static bool take_days(const char *text, struct options *options, struct error *error)
{
	uint64_t days;

	if (!text_parse_number(text, 1, OPTIONS_DAYS_MAX, &days))
		return error_set(
		    error, ERROR_USAGE, "--days is a number from 1 to %d", OPTIONS_DAYS_MAX);
	options->days = (uint32_t)days;
	return true;
}

static bool take_fleet(const char *text, struct options *options, struct error *error)
{
	if (options->fleet_count == OPTIONS_FLEETS_MAX)
		return error_set(error, ERROR_USAGE, "more than %d of --fleet", OPTIONS_FLEETS_MAX);
	options->fleets[options->fleet_count++] = text;
	return true;
}

static bool take_option(int letter, struct options *options, struct error *error)
{
	switch (letter) {
	case LETTER_REASON:
		return take_reason(optarg, options, error);
	case LETTER_DAYS:
		return take_days(optarg, options, error);
	case LETTER_FLEET:
		return take_fleet(optarg, options, error);
	case LETTER_FINISH:
		options->finish = true;
		return true;
	case LETTER_SUBJECT:
		options->subject = optarg;
		return true;
	case LETTER_CHANGE_SUBJECT:
		options->change_subject = true;
		return true;
	case LETTER_WITHOUT_REPORT:
		options->without_report = true;
		return true;
	case LETTER_JSON:
		options->json = true;
		return true;
	case LETTER_VERSION:
		options->version = true;
		return true;
	case 'h':
		options->help = true;
		return true;
	default:
		return error_set(error, ERROR_USAGE, "unknown option: root-ca --help shows them");
	}
}

static bool find_command(const char *name, struct options *options, struct error *error)
{
	for (size_t i = 0; i < ROOT_CA_COMMANDS; i++)
		if (text_equal(name, root_ca_commands[i].name))
			options->command = &root_ca_commands[i];
	return options->command
	       || error_set(error, ERROR_USAGE,
		   "unknown command \"%.64s\": root-ca --help shows them", name);
}

/* What goes with what. */
static bool check(const struct options *options, struct error *error)
{
	const bool rotates = options->command->run == command_rotate;
	const bool retires = options->command->run == command_retire;

	if (!rotates
	    && (options->reason != ROTATION_NONE || options->days != 0 || options->finish
		|| options->subject || options->change_subject))
		return error_set(error, ERROR_USAGE,
		    "--reason, --days, --finish, --subject and --change-subject go with rotate "
		    "only");
	if (!retires && (options->fleet_count > 0 || options->without_report))
		return error_set(
		    error, ERROR_USAGE, "--fleet and --without-report go with retire only");
	if (rotates && options->reason == ROTATION_NONE)
		return error_set(error, ERROR_USAGE,
		    "rotate needs --reason: expiring, compromised-certificate or "
		    "compromised-key");
	if (rotates && options->finish == (options->days != 0))
		return error_set(error, ERROR_USAGE,
		    "rotate needs one of --days N, for a new CA, and --finish, for the one that "
		    "is there");
	if (options->finish && options->subject)
		return error_set(
		    error, ERROR_USAGE, "--finish makes no new CA: --subject does not go with it");
	if (!options->finish && (options->subject != NULL) != options->change_subject)
		return error_set(error, ERROR_USAGE,
		    "a CA with another subject locks every host out that has a certificate of the "
		    "old one: --subject and --change-subject go together");
	if (retires && (options->fleet_count > 0) == options->without_report)
		return error_set(error, ERROR_USAGE,
		    "retire needs --fleet FILE|FOLDER, the hosts' status as JSON, or "
		    "--without-report");
	if (options->command->run == command_report && options->operand_count == 0)
		return error_set(error, ERROR_USAGE,
		    "report needs the hosts' status as JSON: a file, a folder or - (standard "
		    "input)");
	return true;
}

bool options_parse(int argc, char **argv, struct options *ret_options, struct error *error)
{
	struct options options = { .command = NULL };
	int letter;

	*ret_options = options;
	opterr = 0;
	while ((letter = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		if (!take_option(letter, &options, error)) {
			for (int i = 1; i < argc; i++)
				ret_options->json =
				    ret_options->json || text_equal(argv[i], "--json");
			return false;
		}
	}
	ret_options->json = options.json;
	if (optind < argc && !find_command(argv[optind], &options, error))
		return false;
	if (options.help || options.version) {
		*ret_options = options;
		return true;
	}
	if (!options.command)
		return error_set(error, ERROR_USAGE, "which command? root-ca --help shows them");
	options.operands = (const char *const *)argv + optind + 1;
	options.operand_count = (size_t)(argc - optind - 1);
	if (!check(&options, error))
		return false;

	*ret_options = options;
	return true;
}

void options_print_help(FILE *stream)
{
	fprintf(stream,
	    "usage: root-ca COMMAND [OPTION...] [FILE...]\n\n"
	    "Rotates the root CA of the Connector: reads the signer's and the gateway's Secret as\n"
	    "`kubectl get secret NAME -o json` prints them, from files or standard input, and "
	    "prints\n"
	    "what `kubectl replace -f -` takes.\n\n");
	for (size_t i = 0; i < ROOT_CA_COMMANDS; i++)
		fprintf(stream, "  %s %s\n      %s\n", root_ca_commands[i].name,
		    root_ca_commands[i].arguments, root_ca_commands[i].sentence);
	fprintf(stream,
	    "\n  --reason R         why: expiring (same key, both trusted for a while),\n"
	    "                     compromised-certificate (same key, only the new one trusted),\n"
	    "                     compromised-key (a new key, only the new one trusted)\n"
	    "  --days N           how long the new CA certificate is valid\n"
	    "  --finish           make nothing new: print what an interrupted rotation left to do\n"
	    "  --subject NAME     another subject, as in CN=Kyma,O=Org; with --change-subject\n"
	    "  --change-subject   yes, although it locks every host out; with --finish, too\n"
	    "  --fleet F          status --json of the hosts, a file or a folder; repeatable\n"
	    "  --without-report   retire without looking whether hosts are on the old CA\n"
	    "  --json             for machines (inspect, report)\n"
	    "\nExit status: 0 done, 64 command line, 65 what came is not as it has to be, 66 it "
	    "cannot\n"
	    "be read, 73 cannot write, 75 refused for now: hosts are on the old CA.\n");
}
