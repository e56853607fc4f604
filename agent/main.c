/*
 * renewal-agent: keeps client certificates fresh whose keys never leave their token. It decides,
 * supervises and reports; renewal-worker does what needs the token and the network.
 */
#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/config/config.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/report/report.h"
#include "agent/visit/visit.h"
#include "base/clock.h"
#include "base/json.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* No identity was come to. */
static int end(
    const struct call *call, struct result *result, const struct error *error, cJSON **ret_report)
{
	result->error = *error;
	visit_tell(call, result);
	*ret_report = report_json(call->options, NULL, NULL, result);
	return result_exit_status(result, call->options->detailed_exitcode);
}

/* The command line is wrong. */
static int fail(const struct call *call, const struct error *error, cJSON **ret_report)
{
	scoped(result) struct result result = result_new();

	return end(call, &result, error, ret_report);
}

/* The configuration is wrong, which an examination finds too. */
static int fail_configuration(
    const struct call *call, const struct error *error, cJSON **ret_report)
{
	scoped(result) struct result result = result_new();

	if (call->options->command->access == COMMAND_EXAMINES)
		command_doctor_refused(call, error, &result);
	return end(call, &result, error, ret_report);
}

static int carry_out(const struct call *call, cJSON **ret_report)
{
	const struct options *options = call->options;
	const struct identity_settings *settings = NULL;
	scoped(config) struct config *config = NULL;
	struct error error = ERROR_INIT;

	if (options->command->run_whole)
		return options->command->run_whole(call, ret_report);
	if (!config_load(options->config, &config, &error))
		return fail_configuration(call, &error, ret_report);
	call->console->format = config->identities[0].log;
	if (!options->all && !config_identity(config, options->identity, &settings, &error))
		return fail(call, &error, ret_report);
	return visit_configured(call, config, settings, ret_report);
}

/* object NULL: help and version are text. */
static int report(const struct call *call, const cJSON *object, int status)
{
	struct error error = ERROR_INIT;

	if (object && call->options->json ? report_print_json(stdout, object, &error)
					  : report_flush(stdout, &error))
		return status;
	console_print(call->console, "%s", error.message);
	return status != 0 ? status : error_exit_status(error.kind);
}

/* A file of ours that came to be descriptor 1 would be printed into. */
static void open_standard_streams(void)
{
	int null = open("/dev/null", O_RDWR);

	while (null >= 0 && null <= STDERR_FILENO)
		null = open("/dev/null", O_RDWR);
	if (null >= 0)
		close(null);
}

/* No configuration of the system's reaches libcrypto; files get the modes that they are given; a
   reader of ours that is gone is an error, and so is a file that may not grow; a worker's end is
   not thrown away. */
static void prepare_process(void)
{
	open_standard_streams();
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	(void)umask(022);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
}

int main(int argc, char **argv)
{
	scoped(cJSON) cJSON *object = NULL;
	struct error error = ERROR_INIT;
	struct options options;
	struct console console;
	struct call call = {
		.options = &options,
		.console = &console,
		.started = clock_now(),
	};
	bool parsed;
	int status = EX_OK;

	prepare_process();
	parsed = options_parse(argc, argv, &options, &error);
	console = console_open(stderr, options.verbose);
	if (!parsed) {
		status = fail(&call, &error, &object);
		return report(&call, object, status);
	}
	if (options.version)
		printf("renewal-agent " RENEWAL_AGENT_VERSION "\n");
	else if (options.help)
		options_print_help(stdout, options.command);
	else
		status = carry_out(&call, &object);
	return report(&call, object, status);
}
