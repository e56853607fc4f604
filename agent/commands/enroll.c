#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/enrolment/enroll_token.h"
#include "agent/enrolment/enrolment.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "base/secret.h"

static bool read_token(const struct call *call, const struct identity *identity,
    struct enroll_token *token, struct error *error)
{
	if (!secret_protect_process(error)
	    || !enroll_token_read(call->options->token_file, token, error))
		return false;
	if (token->exposed)
		console_print(call->console,
		    "%s can be read by others than its owner: chmod 600, and keep one-time tokens "
		    "to yourself",
		    call->options->token_file);
	if (enrolment_token_is_spent(identity, token))
		return error_set(error, ERROR_REENROLL,
		    "this one-time token has been sent before and is used up: supply another");
	return true;
}

bool command_enroll(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	scoped(enroll_token) struct enroll_token token = { .secret = NULL };

	return read_token(call, identity, &token, error)
	       && enrolment_run(call, identity, &token, call->options->url, result, error);
}
