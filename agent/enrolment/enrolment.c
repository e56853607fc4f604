#include "agent/enrolment/enrolment.h"

#include "agent/call.h"
#include "agent/enrolment/enroll_token.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/supervisor/errand.h"
#include "agent/supervisor/supervisor.h"
#include "agent/visit/attempt.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"

bool enrolment_token_is_spent(const struct identity *identity, const struct enroll_token *token)
{
	return journal_token_is_spent(
	    &identity->journal, secret_bytes(token->secret), secret_length(token->secret));
}

/* What was meant first: the command line, then what came with the token, then the file. */
static bool choose_url(const struct identity *identity, const struct enroll_token *token,
    const char *url, const char **ret_url, struct error *error)
{
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

/* A certificate that an earlier run had got has made the token unnecessary. */
static void say_enrolled(
    const struct identity *identity, const struct enroll_token *token, struct result *result)
{
	bool sent = enrolment_token_is_spent(identity, token);
	char end[CLOCK_TEXT_SIZE];

	clock_format(identity->not_after, end);
	text_format(result->message, sizeof(result->message), "enrolled%s: valid until %s%s",
	    sent ? "" : " with the certificate that an earlier run had got", end,
	    sent ? "" : "; the one-time token was not used and may be kept");
}

bool enrolment_run(const struct call *call, struct identity *identity,
    const struct enroll_token *token, const char *url, struct result *result, struct error *error)
{
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	struct errand errand = {
		.task = JOB_ENROLL,
		.retry_pin = call->options->retry_pin,
		.token = token->secret,
		.revoke_old = call->options->revoke_old,
		.destroy_old = call->options->destroy_old,
	};
	bool done;

	if (!choose_url(identity, token, url, &errand.url, error))
		return false;
	done = errand_run(call, identity, &errand, result, &supervised, error);
	/* A worker that was ended while it waited for the answer had sent the token. */
	if (!done && error->kind == ERROR_DEADLINE && enrolment_token_is_spent(identity, token)) {
		error->kind = ERROR_REENROLL;
		error_prefix(error, "the one-time token is used up, supply another");
	}
	if (!supervised.interrupted)
		attempt_note(call, identity, &supervised, result, error);
	if (!done)
		return false;
	result->reason = REASON_RENEWED;
	say_enrolled(identity, token, result);
	return true;
}
