#include "agent/attempt.h"
#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/enroll_token.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/supervisor/errand.h"
#include "agent/supervisor/supervisor.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"

/* What was meant first: the command line, then what came with the token, then the file. */
static bool choose_url(const struct call *call, const struct identity *identity,
    const struct enroll_token *token, const char **ret_url, struct error *error)
{
	const char *url = call->options->url;

	if (!url)
		url = token->url;
	if (!url)
		url = identity->settings->enrollment_url;
	if (!url)
		return error_set(error, ERROR_USAGE,
		    "where to enroll? The token brings no URL: give --url, or set enrollment_url");
	*ret_url = url;
	return true;
}

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
	if (journal_token_is_spent(
		&identity->journal, secret_bytes(token->secret), secret_length(token->secret)))
		return error_set(error, ERROR_REENROLL,
		    "this one-time token has been sent before and is used up: supply another");
	return true;
}

/* A certificate that an earlier run had got has made the token unnecessary. */
static void say_enrolled(
    const struct identity *identity, const struct secret *token, struct result *result)
{
	bool sent =
	    journal_token_is_spent(&identity->journal, secret_bytes(token), secret_length(token));
	char end[CLOCK_TEXT_SIZE];

	clock_format(identity->not_after, end);
	text_format(result->message, sizeof(result->message), "enrolled%s: valid until %s%s",
	    sent ? "" : " with the certificate that an earlier run had got", end,
	    sent ? "" : "; the one-time token was not used and may be kept");
}

bool command_enroll(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	scoped(enroll_token) struct enroll_token token = { .secret = NULL };
	struct errand errand = { .task = JOB_ENROLL, .retry_pin = call->options->retry_pin };
	bool done;

	if (!read_token(call, identity, &token, error)
	    || !choose_url(call, identity, &token, &errand.url, error))
		return false;
	errand.token = token.secret;
	done = errand_run(call, identity, &errand, result, &supervised, error);
	/* A worker that was ended while it waited for the answer had sent the token. */
	if (!done && error->kind == ERROR_DEADLINE
	    && journal_token_is_spent(
		&identity->journal, secret_bytes(token.secret), secret_length(token.secret))) {
		error->kind = ERROR_REENROLL;
		error_prefix(error, "the one-time token is used up, supply another");
	}
	if (!supervised.interrupted)
		attempt_note(call, identity, &supervised, result, error);
	if (!done)
		return false;
	result->reason = REASON_RENEWED;
	say_enrolled(identity, token.secret, result);
	return true;
}
