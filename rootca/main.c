/*
 * root-ca: the operator's side of a rotation of the Connector's root CA. It reads and prints the two
 * Kubernetes Secrets that hold it, and tells from the hosts' reports who is where.
 */
#include "base/json.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "rootca/commands.h"
#include "rootca/options.h"
#include "rootca/output.h"
#include "rootca/wiping.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <sysexits.h>

static int exit_status(const struct error *error)
{
	switch (error->kind) {
	case ERROR_USAGE:
		return EX_USAGE;
	case ERROR_CONFIG:
	case ERROR_VERIFICATION:
		return EX_DATAERR;
	case ERROR_PERMISSION:
		return EX_NOINPUT;
	case ERROR_STATE:
		return EX_CANTCREAT;
	case ERROR_BUSY:
		return EX_TEMPFAIL;
	default:
		return EX_SOFTWARE;
	}
}

static int fail(const struct options *options, const struct error *error)
{
	scoped(cJSON) cJSON *object = NULL;
	struct error unwritten = ERROR_INIT;

	(void)fprintf(stderr, "root-ca: %s\n", error->message);
	if (options->json) {
		object = json_new_object();
		json_add_boolean(object, "failed", true);
		json_add_string(object, "msg", error->message);
		(void)!output_json(object, &unwritten);
	}
	return exit_status(error);
}

int main(int argc, char **argv)
{
	struct error error = ERROR_INIT;
	struct options options = { .command = NULL };

	if (!wiping_begin(&error) || !secret_protect_process(&error)
	    || !options_parse(argc, argv, &options, &error))
		return fail(&options, &error);
	/* No configuration of the system's reaches libcrypto. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (options.version)
		printf("root-ca " RENEWAL_AGENT_VERSION "\n");
	else if (options.help)
		options_print_help(stdout);
	else if (!options.command->run(&options, &error))
		return fail(&options, &error);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)error_set(&error, ERROR_STATE, "cannot write to standard output");
		return fail(&options, &error);
	}
	return EX_OK;
}
