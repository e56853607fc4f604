#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/report.h"
#include "base/clock.h"
#include "base/text.h"

/* Nothing but a one-time token brings a working identity back. */
static bool check_alive(
    const struct identity *identity, int64_t now, enum reason *ret_reason, struct error *error)
{
	char moment[CLOCK_TEXT_SIZE];

	if (identity->active.number == 0)
		return error_set(
		    error, ERROR_REENROLL, "no certificate yet: run enroll with a one-time token");
	if (decide_needs_enrolment(identity, now, ret_reason, error))
		return false;
	if (now <= identity->not_after)
		return true;
	clock_format(identity->not_after, moment);
	*ret_reason = REASON_EXPIRED;
	return error_set(error, ERROR_REENROLL,
	    "the certificate has expired at %s: run enroll with a one-time token", moment);
}

bool command_status(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	const int64_t now = clock_now();
	char end[CLOCK_TEXT_SIZE];
	char due[CLOCK_TEXT_SIZE];

	/* As the other commands say which one they used. */
	(void)!text_copy(result->signer, sizeof(result->signer), identity->journal.last_signer);
	if (!call->options->json)
		report_status(stdout, identity, now);
	if (identity->unreadable.kind != ERROR_NONE) {
		*error = identity->unreadable;
		return false;
	}
	if (!check_alive(identity, now, &result->reason, error))
		return false;
	clock_format(identity->not_after, end);
	clock_format(decide_next_renewal(identity, now), due);
	text_format(
	    result->message, sizeof(result->message), "valid until %s, next renewal %s", end, due);
	return true;
}
