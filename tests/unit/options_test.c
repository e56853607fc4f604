#include "agent/options.h"

#include "agent/commands/commands.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <string.h>

#define ARGUMENTS_MAX 16

/* "renew --force" as main gets it; the words live until the next call. */
static bool parse(const char *line, struct options *ret_options, struct error *error)
{
	static char words[512];
	char *argv[ARGUMENTS_MAX] = { 0 };
	char *rest = words;
	int argc = 0;

	assert_true(text_format(words, sizeof(words), "renewal-agent %s", line));
	while (rest) {
		char *word = strsep(&rest, " ");

		assert_true(argc < ARGUMENTS_MAX - 1);
		if (word[0])
			argv[argc++] = word;
	}
	return options_parse(argc, argv, ret_options, error);
}

static struct options must_parse(const char *line)
{
	struct error error = ERROR_INIT;
	struct options options;

	if (!parse(line, &options, &error))
		fail_msg("%s: %s", line, error.message);
	return options;
}

static void assert_usage(const char *line, const char *message)
{
	struct error error = ERROR_INIT;
	struct options options;

	if (parse(line, &options, &error))
		fail_msg("%s: taken", line);
	assert_int_equal(error.kind, ERROR_USAGE);
	assert_string_equal(error.message, message);
}

static void options_stand_before_or_after_the_command(void **state)
{
	struct options options = must_parse("--config /a.conf renew -v --force --identity orders");

	(void)state;
	assert_string_equal(options.command->name, "renew");
	assert_string_equal(options.config, "/a.conf");
	assert_string_equal(options.identity, "orders");
	assert_true(options.force);
	assert_true(options.verbose);
	assert_false(options.json);
	options = must_parse("--force renew");
	assert_true(options.force);
}

static void a_value_follows_or_is_joined_by_an_equals_sign(void **state)
{
	struct options options = must_parse("revoke --generation=4294967295 --config=/a=b");

	(void)state;
	assert_int_equal(options.generation, 4294967295);
	assert_string_equal(options.config, "/a=b");
	options = must_parse("enroll --token-file - --url https://a/graphql");
	assert_string_equal(options.token_file, "-");
	assert_string_equal(options.url, "https://a/graphql");
}

static void every_command_is_found(void **state)
{
	(void)state;
	assert_true(must_parse("renew --dry-run --retry-pin --all").dry_run);
	assert_true(must_parse("enroll --token-file f --retry-pin").retry_pin);
	assert_true(must_parse("renew --force --all --revoke-old").revoke_old);
	assert_true(must_parse("renew --force --destroy-old").destroy_old);
	assert_true(must_parse("renew --all --json --detailed-exitcode").detailed_exitcode);
	assert_false(must_parse("status --detailed-exitcode").detailed_exitcode);
	assert_true(must_parse("keys --prune --unknown").unknown);
	assert_true(must_parse("revoke --active").active);
	assert_string_equal(must_parse("enroll --token-file f").command->name, "enroll");
}

static void help_and_version_need_no_command_and_nothing_it_needs(void **state)
{
	(void)state;
	assert_true(must_parse("--help").help);
	assert_true(must_parse("-h").help);
	assert_true(must_parse("--version").version);
	assert_true(must_parse("enroll --help").help);
	assert_string_equal(must_parse("revoke -h").command->name, "revoke");
}

static void what_is_not_known_is_refused_with_what_was_meant(void **state)
{
	(void)state;
	assert_usage("", "which command? renewal-agent --help shows them");
	assert_usage("renwe", "unknown command \"renwe\": did you mean renew?");
	assert_usage("keyz", "unknown command \"keyz\": did you mean keys?");
	assert_usage(
	    "frobnicate", "unknown command \"frobnicate\": renewal-agent --help shows them");
	assert_usage("kays2", "unknown command \"kays2\": did you mean keys?");
	assert_usage("kyss", "unknown command \"kyss\": renewal-agent --help shows them");
	assert_usage("x", "unknown command \"x\": renewal-agent --help shows them");
	assert_usage("renew --forec", "unknown option --forec: did you mean --force?");
	assert_usage("renew --for", "unknown option --for: did you mean --force?");
	assert_usage("renew -f", "unknown option -f: renewal-agent --help shows them");
	assert_usage("renew -vv", "unknown option -vv: renewal-agent --help shows them");
	assert_usage("renew status", "one command at a time: renew or status");
}

static void a_value_that_is_missing_or_too_much_is_refused(void **state)
{
	(void)state;
	assert_usage("renew --config", "--config needs a FILE");
	assert_usage("renew --config=", "--config: must not be empty");
	assert_usage("renew --force=yes", "--force takes no value");
	assert_usage("revoke --generation 0", "--generation: must be the number of a generation");
	assert_usage("revoke --generation x", "--generation: must be the number of a generation");
	assert_usage("enroll --token-file f --url http://a", "--url: must be an https:// URL");
}

static void an_option_of_another_command_is_refused(void **state)
{
	(void)state;
	assert_usage("status --force", "--force does not go with status");
	assert_usage("--prune renew", "--prune does not go with renew");
	assert_usage("revoke --active --all", "--all does not go with revoke");
	assert_usage("enroll --all --token-file f", "--all does not go with enroll");
}

static void options_that_exclude_or_need_each_other_are_checked(void **state)
{
	(void)state;
	assert_usage("renew --all --identity a", "--identity and --all exclude each other");
	assert_usage("enroll", "enroll needs --token-file FILE (- is stdin)");
	assert_usage("keys --unknown", "--unknown only goes with --prune");
	assert_usage("renew --revoke-old --destroy-old",
	    "--revoke-old needs --force: it is about what a renewal in this run replaces");
	assert_usage("renew --destroy-old",
	    "--destroy-old needs --force: it is about what a renewal in this run replaces");
	assert_usage("renew --force --dry-run --destroy-old",
	    "--destroy-old needs --force, and does not go with --dry-run: it is about what a "
	    "renewal in this run replaces");
	assert_usage("revoke", "revoke needs one of --generation N and --active");
	assert_usage(
	    "revoke --active --generation 2", "revoke needs one of --generation N and --active");
}

/* A program that asked for JSON gets the error as JSON. */
static void json_is_seen_even_when_the_rest_is_wrong(void **state)
{
	struct error error = ERROR_INIT;
	struct options options;

	(void)state;
	assert_false(parse("renwe --json", &options, &error));
	assert_true(options.json);
	assert_false(parse("--nonsense renew", &options, &error));
	assert_false(options.json);
}

static char *help_of(const struct command *command)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	options_print_help(stream, command);
	assert_int_equal(fclose(stream), 0);
	return text;
}

static void help_shows_every_command_and_the_options_of_one(void **state)
{
	scoped(char) char *all = help_of(NULL);
	scoped(char) char *renew = help_of(command_find("renew"));

	(void)state;
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		assert_non_null(strstr(all, command_table[i].sentence));
	assert_non_null(strstr(all, "--identity NAME"));
	assert_null(strstr(all, "--force"));
	assert_non_null(strstr(renew, "--force"));
	assert_non_null(strstr(renew, "-v, --verbose"));
	assert_null(strstr(renew, "--token-file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_before_or_after_the_command),
		cmocka_unit_test(a_value_follows_or_is_joined_by_an_equals_sign),
		cmocka_unit_test(every_command_is_found),
		cmocka_unit_test(help_and_version_need_no_command_and_nothing_it_needs),
		cmocka_unit_test(what_is_not_known_is_refused_with_what_was_meant),
		cmocka_unit_test(a_value_that_is_missing_or_too_much_is_refused),
		cmocka_unit_test(an_option_of_another_command_is_refused),
		cmocka_unit_test(options_that_exclude_or_need_each_other_are_checked),
		cmocka_unit_test(json_is_seen_even_when_the_rest_is_wrong),
		cmocka_unit_test(help_shows_every_command_and_the_options_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
