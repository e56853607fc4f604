#include "agent/visit/replaced.h"

#include "agent/call.h"
#include "agent/hooks/hook_setting.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/supervisor/errand.h"
#include "agent/supervisor/supervisor.h"
#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

bool replaced_is_asked_for(const struct call *call)
{
	return call->options->revoke_old || call->options->destroy_old;
}

static bool comes_after_hooks(const struct debt *debt)
{
	return debt->kind == DEBT_REVOKE || debt->after_hook;
}

static bool owes_any(const struct debts *debts, int64_t now)
{
	for (size_t i = 0; i < debts->count; i++)
		if (comes_after_hooks(&debts->list[i]) && debts_is_payable(debts, i, now))
			return true;
	return false;
}

void replaced_settle(const struct call *call, struct identity *identity, struct result *result)
{
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	const struct errand errand = { .task = JOB_PAY_DEBTS };
	struct result apart = result_new();
	struct error error = ERROR_INIT;

	if (!owes_any(&identity->debts, clock_now()) || identity->settings->pin_fd >= 0)
		return;
	(void)!text_copy(apart.run_id, sizeof(apart.run_id), result->run_id);
	if (!errand_run(call, identity, &errand, &apart, &supervised, &error))
		console_print(call->console, "still to be done: %s", error.message);
	result->interrupted = result->interrupted || apart.interrupted;
	result_clear(&apart);
}

/* A revocation first: the key waits for it. */
static const struct debt *find_owed(const struct debts *debts, bool keys)
{
	const struct debt *found = NULL;

	for (size_t i = 0; i < debts->count; i++) {
		const struct debt *debt = &debts->list[i];

		if (debt->kind == DEBT_REVOKE)
			return debt;
		if (debt->kind == DEBT_DESTROY_KEY && keys)
			found = debt;
	}
	return found;
}

static void say_why(const struct identity *identity, const struct debt *debt,
    const struct result *result, struct text_buffer *text)
{
	const int at = debts_find_hook(&identity->debts, HOOK_RENEWED);
	char moment[CLOCK_TEXT_SIZE];

	if (comes_after_hooks(debt) && at >= 0)
		text_printf(text,
		    "%s has to succeed first, so that who uses it has the new one%s%s",
		    hook_setting_name(HOOK_RENEWED),
		    identity->debts.list[at].last_error[0] ? ": " : "",
		    identity->debts.list[at].last_error);
	else if (debt->last_error[0])
		text_printf(text, "%s", debt->last_error);
	else if (identity->settings->pin_fd >= 0)
		text_printf(text, "the descriptor of pin_fd gives the PIN only once");
	else
		text_printf(text, "%s", result->interrupted ? "interrupted" : "see above");
	if (debt->next_attempt > clock_now()) {
		clock_format(debt->next_attempt, moment);
		text_printf(text, "; the runs from %s on try it again", moment);
	} else {
		text_printf(text, "; the next run tries it again");
	}
}

static bool say_owed(const struct identity *identity, const struct debt *debt,
    const struct result *result, struct error *error)
{
	scoped(text) struct text_buffer why = TEXT_BUFFER_INIT(ERROR_MESSAGE_SIZE / 2);

	say_why(identity, debt, result, &why);
	if (debt->kind == DEBT_REVOKE)
		return error_set(error, ERROR_BUSY,
		    "%s; but the certificate of generation %" PRIu32
		    " is not revoked yet, and its key is there until it is: %s",
		    result->message, debt->generation, why.data);
	return error_set(error, ERROR_BUSY,
	    "%s; but the key of generation %" PRIu32 " is not destroyed yet: %s", result->message,
	    debt->generation, why.data);
}

static const char *deed(const struct options *options, bool enrolled)
{
	/* The Connector does not let it in any more, for whatever reason. */
	if (options->revoke_old && enrolled)
		return options->destroy_old
			   ? "the keys of before are destroyed; their certificates were not "
			     "revoked, "
			     "since the Connector refuses them"
			   : "the certificates of before were not revoked, since the Connector "
			     "refuses them";
	if (!options->revoke_old)
		return "the keys of before are destroyed";
	return options->destroy_old
		   ? "the certificates of before are revoked and their keys destroyed"
		   : "the certificates of before are revoked";
}

bool replaced_conclude(const struct call *call, const struct identity *identity, bool enrolled,
    struct result *result, struct error *error)
{
	const size_t length = strlen(result->message);
	const struct debt *owed;

	if (!replaced_is_asked_for(call))
		return true;
	owed = find_owed(&identity->debts, call->options->destroy_old);
	if (owed)
		return say_owed(identity, owed, result, error);
	text_format(result->message + length, sizeof(result->message) - length, "; %s",
	    deed(call->options, enrolled));
	return true;
}
