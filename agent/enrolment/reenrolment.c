#include "agent/enrolment/reenrolment.h"

#include "agent/call.h"
#include "agent/enrolment/enrolment.h"
#include "agent/enrolment/token_drop.h"
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/report/console.h"
#include "base/clock.h"

/* Nobody hopes that a CA comes back that is distrusted: a refusal is not waited for to be repeated. */
static bool was_refused_under_distrusted_ca(const struct identity *identity)
{
	return identity->active.number != 0 && identity->distrusted
	       && identity->journal.rejections > 0;
}

bool reenrolment_is_called_for(const struct identity *identity)
{
	struct error ignored = ERROR_INIT;
	enum reason reason;

	return identity->unreadable.kind == ERROR_NONE
	       && (was_refused_under_distrusted_ca(identity)
		   || decide_needs_enrolment(identity, clock_now(), &reason, &ignored));
}

bool reenrolment_has_token(const struct identity *identity, struct token_drop *drop)
{
	token_drop_look(drop, identity);
	return drop->state == TOKEN_DROP_WAITING;
}

static const char *kind_of_place(const struct token_drop *drop)
{
	return drop->path ? "" : "the credential ";
}

static const char *place(const struct token_drop *drop)
{
	return drop->path ? drop->path : drop->name;
}

/* It is not sent again in any case. */
static bool remove_spent(const struct call *call, const struct token_drop *drop)
{
	struct error error = ERROR_INIT;

	if (token_drop_remove(drop, &error))
		return true;
	console_print(call->console,
	    "the one-time token is used up, but its file could not be removed; it is never sent "
	    "again: %s",
	    error.message);
	return false;
}

bool reenrolment_run(const struct call *call, struct identity *identity,
    const struct token_drop *drop, struct result *result, struct error *error)
{
	bool done;

	console_print(call->console, "only a one-time token helps: enrolling with the one in %s%s",
	    kind_of_place(drop), place(drop));
	done = enrolment_run(call, identity, &drop->token, NULL, result, error);
	if (enrolment_token_is_spent(identity, &drop->token))
		(void)remove_spent(call, drop);
	if (done)
		return true;
	/* There is no command line on which a URL could have been given. */
	if (error->kind == ERROR_USAGE)
		error->kind = ERROR_CONFIG;
	return error_prefix(
	    error, "enroll with the one-time token in %s%s", kind_of_place(drop), place(drop));
}

void reenrolment_explain(
    const struct call *call, const struct token_drop *drop, struct error *error)
{
	const struct error reason = *error;

	if (drop->state == TOKEN_DROP_NONE && drop->path)
		(void)error_set(error, reason.kind,
		    "%s (a one-time token that is put into %s is used by the next run)",
		    reason.message, drop->path);
	if (drop->state == TOKEN_DROP_WAITING)
		(void)error_set(error, reason.kind,
		    "%s (the descriptor of pin_fd gives the PIN only once: the next run uses the "
		    "one-time token in %s%s)",
		    reason.message, kind_of_place(drop), place(drop));
	if (drop->state == TOKEN_DROP_REFUSED)
		(void)error_set(error, drop->refused.kind,
		    "%s; the one-time token that was left is not used: %s", reason.message,
		    drop->refused.message);
	if (drop->state == TOKEN_DROP_SPENT)
		(void)error_set(error, reason.kind,
		    "%s; the one-time token in %s%s has been sent before and is used up%s: supply "
		    "another",
		    reason.message, kind_of_place(drop), place(drop),
		    drop->path && remove_spent(call, drop) ? ", the file is removed" : "");
}

void reenrolment_tidy(
    const struct call *call, const struct identity *identity, struct token_drop *drop)
{
	if (!identity->settings->enrollment_token_file || !identity->journal.spent_tokens[0][0])
		return;
	token_drop_look(drop, identity);
	if (drop->state == TOKEN_DROP_SPENT)
		(void)remove_spent(call, drop);
}
