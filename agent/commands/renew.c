#include "agent/call.h"
#include "agent/commands/commands.h"
#include "agent/enrolment/reenrolment.h"
#include "agent/enrolment/token_drop.h"
#include "agent/hooks/hooks.h"
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/identity/notice.h"
#include "agent/identity/remember.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/supervisor/errand.h"
#include "agent/supervisor/supervisor.h"
#include "agent/visit/replaced.h"
#include "base/clock.h"
#include "base/text.h"

static void say_when(const struct identity *identity, const char *done, struct result *result)
{
	char end[CLOCK_TEXT_SIZE];
	char due[CLOCK_TEXT_SIZE];

	clock_format(identity->not_after, end);
	clock_format(decide_next_renewal(identity, clock_now()), due);
	text_format(result->message, sizeof(result->message), "%s: valid until %s, next renewal %s",
	    done, end, due);
}

static void say_nothing_to_do(const struct identity *identity, struct result *result)
{
	if (result->reason == REASON_RENEWED_MEANWHILE)
		say_when(identity, "another run has renewed it meanwhile", result);
	else if (result->reason == REASON_WINDOW)
		say_when(identity, "due, and waiting for its window", result);
	else
		say_when(identity, "nothing to do", result);
}

/* Nothing is noted: neither a success nor a failure of it says anything about a renewal. */
static bool try_dry(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	const struct errand errand = {
		.task = JOB_DRY_RUN,
		.retry_pin = call->options->retry_pin,
		.unnoted = true,
	};

	result->reason = REASON_DRY_RUN;
	if (identity->unreadable.kind != ERROR_NONE) {
		*error = identity->unreadable;
		return false;
	}
	if (!errand_run(call, identity, &errand, result, &supervised, error))
		return false;
	say_when(identity, "dry run: token, key and connection work", result);
	return true;
}

/* What could not be noted only costs the next run its knowledge. */
static void save(const struct call *call, struct identity *identity, int64_t now)
{
	struct error error = ERROR_INIT;

	if (!journal_save(identity->store, &identity->journal, now, &error))
		console_print(call->console, "%s", error.message);
}

static void note(const struct call *call, struct identity *identity, bool probed,
    const struct supervised *supervised, struct result *result, struct error *reason)
{
	const struct hooks hooks = { call, identity, result };
	const bool needed_token = identity->journal.reenroll;
	int64_t now = clock_now();

	if (probed)
		remember_probe(identity, &supervised->outcome, now, &result->reason, reason);
	else
		remember_renewal(identity, &supervised->outcome, now, &result->reason, reason);
	hooks_owe_failure(&hooks, needed_token, reason);
	save(call, identity, now);
}

static bool work(const struct call *call, struct identity *identity, bool renew,
    struct result *result, struct error *error)
{
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	struct hooks hooks = { call, identity, result };
	const struct listener listener = { hooks_pay_meanwhile, &hooks };
	const struct errand errand = {
		.task = JOB_RENEW,
		.renew = renew,
		.spare = !call->spares_later,
		.retry_pin = call->options->retry_pin,
		.revoke_old = call->options->revoke_old,
		.destroy_old = call->options->destroy_old,
		.listener = &listener,
	};
	bool done = errand_run(call, identity, &errand, result, &supervised, error);

	if (!supervised.interrupted)
		note(call, identity, false, &supervised, result, error);
	if (!done)
		return false;
	if (supervised.outcome.spare_error.kind != ERROR_NONE)
		console_print(call->console, "no spare key could be made, it is tried again: %s",
		    supervised.outcome.spare_error.message);
	result->reason = REASON_NOT_DUE;
	if (supervised.outcome.spare_made) {
		result->reason = REASON_SPARE_MADE;
		say_when(identity, "the next key is made", result);
	}
	if (supervised.outcome.changed) {
		result->reason = supervised.outcome.resumed ? REASON_RESUMED : REASON_RENEWED;
		say_when(identity, "renewed", result);
	} else if (replaced_is_asked_for(call)) {
		/* A kill had come between the activation and the note of what is owed. */
		result->reason = REASON_RESUMED;
		result->changed = true;
		say_when(identity, "an earlier run had renewed it", result);
	}
	return true;
}

/* An identity that was refused for good, and is not due: one question heals it, or puts the next
   one off. */
static bool probe(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	const struct errand errand = {
		.task = JOB_DRY_RUN,
		.retry_pin = call->options->retry_pin,
	};
	bool done = errand_run(call, identity, &errand, result, &supervised, error);

	if (!supervised.interrupted)
		note(call, identity, true, &supervised, result, error);
	if (!done)
		return false;
	result->reason = REASON_NOT_DUE;
	say_when(identity, "the Connector accepts it again", result);
	return true;
}

/* No renewal has failed: hooks hear of it once it means that a one-time token is needed. */
static void note_daily(const struct call *call, struct identity *identity,
    const struct supervised *supervised, struct result *result, struct error *reason)
{
	const struct hooks hooks = { call, identity, result };
	struct error error = ERROR_INIT;
	int64_t now = clock_now();

	remember_daily_probe(identity, &supervised->outcome, now, &result->reason, reason);
	if (identity->journal.reenroll)
		hooks_owe_failure(&hooks, false, reason);
	save(call, identity, now);
	if (!notice_save(identity, &error))
		console_print(call->console, "%s", error.message);
}

/* One that needs nothing: whether that is so. */
static bool probe_daily(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	scoped(supervised) struct supervised supervised = { .interrupted = false };
	const struct errand errand = {
		.task = JOB_DRY_RUN,
		.retry_pin = call->options->retry_pin,
	};
	bool done;

	if (!notice_probe(identity, clock_now(), error))
		return error_prefix(error, "the daily probe is not made");
	done = errand_run(call, identity, &errand, result, &supervised, error);
	if (!done)
		(void)error_prefix(error, "daily probe");
	if (!supervised.interrupted)
		note_daily(call, identity, &supervised, result, error);
	if (!done)
		return false;
	result->reason = REASON_PROBED;
	say_when(identity, "the Connector accepts it", result);
	return true;
}

/* Who trusts by it must not have to wait for a renewal, neither when a CA has come to be distrusted
   nor when that was a mistake. */
static void refresh_ca_bundle(const struct call *call, const struct identity *identity)
{
	const struct distrust distrust = identity_distrust(identity);
	struct error error = ERROR_INIT;

	if (identity->unreadable.kind == ERROR_NONE
	    && !store_refresh_ca_bundle(identity->store, journal_candidate(&identity->journal),
		clock_now(), &distrust, &error))
		console_print(call->console, "%s", error.message);
}

static bool renew(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	struct decision decision;
	enum reason reason;

	decision = decide_renew(identity, &(struct wish){
					      .force = call->options->force,
					      .no_spare = call->spares_later,
					      .started = call->started,
					      .now = clock_now(),
					  });
	result->reason = decision.reason;
	if (decision.error.kind != ERROR_NONE) {
		*error = decision.error;
		return false;
	}
	/* What was asked for is about another certificate than the one that is replaced by now. */
	if (decision.reason == REASON_RENEWED_MEANWHILE && replaced_is_asked_for(call))
		return error_set(error, ERROR_BUSY,
		    "another run has renewed it meanwhile: nothing has been revoked or destroyed, "
		    "run it again");
	if (decision.probe)
		return decision.daily ? probe_daily(call, identity, result, error)
				      : probe(call, identity, result, error);
	if (decision.work && !work(call, identity, decision.renew, result, error))
		return false;
	if (result->changed)
		return true;
	/* What was under way may have had to be thrown away. */
	if (decide_needs_enrolment(identity, clock_now(), &reason, error)) {
		result->reason = reason;
		return false;
	}
	say_nothing_to_do(identity, result);
	return true;
}

/* A descriptor has given its PIN to the worker that found out; one that is kept is logged in. */
static bool may_log_in_again(const struct call *call, const struct identity *identity)
{
	return identity->settings->pin_fd < 0 || call->workers;
}

/* With a one-time token that was left for it, where only that helps: known before, or found out. */
static bool renew_or_enroll(const struct call *call, struct identity *identity,
    struct result *result, bool *ret_enrolled, struct error *error)
{
	scoped(token_drop) struct token_drop drop = { .state = TOKEN_DROP_UNKNOWN };

	*ret_enrolled =
	    reenrolment_is_called_for(identity) && reenrolment_has_token(identity, &drop);
	if (*ret_enrolled)
		return reenrolment_run(call, identity, &drop, result, error);
	if (renew(call, identity, result, error)) {
		reenrolment_tidy(call, identity, &drop);
		return true;
	}
	if (result->interrupted
	    || (error->kind != ERROR_REENROLL
		&& (error->kind != ERROR_REJECTED || !reenrolment_is_called_for(identity))))
		return false;
	*ret_enrolled = reenrolment_has_token(identity, &drop) && may_log_in_again(call, identity);
	if (!*ret_enrolled) {
		reenrolment_explain(call, &drop, error);
		return false;
	}
	error_clear(error);
	return reenrolment_run(call, identity, &drop, result, error);
}

/* Who uses the old certificate hears of the new one before the old one is revoked. */
static void settle(const struct hooks *hooks)
{
	struct error interrupted = ERROR_INIT;

	if (!hooks->result->interrupted && hooks_pay(hooks, &interrupted))
		replaced_settle(hooks->call, hooks->identity, hooks->result);
}

bool command_renew(
    const struct call *call, struct identity *identity, struct result *result, struct error *error)
{
	const struct hooks hooks = { call, identity, result };
	bool enrolled = false;

	if (call->options->dry_run)
		return try_dry(call, identity, result, error);
	refresh_ca_bundle(call, identity);
	if (!renew_or_enroll(call, identity, result, &enrolled, error))
		return false;
	settle(&hooks);
	if (!replaced_conclude(call, identity, enrolled, result, error))
		return false;
	result->lacks_spare = call->spares_later && decide_lacks_spare(identity, clock_now());
	return true;
}
