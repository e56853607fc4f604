#include "agent/identity/remember.h"

#include "agent/identity/identity.h"
#include "agent/job/job.h"
#include "agent/policy.h"
#include "base/clock.h"
#include "base/text.h"

#include <string.h>

/* Trying again only makes sense after a while. The PIN has its latch, and where a person has to
   act there is nothing to wait for; but a refusal may heal. */
static bool needs_backoff(enum error_kind kind, bool reenroll)
{
	switch (kind) {
	case ERROR_REENROLL:
		return reenroll;
	case ERROR_PIN:
	case ERROR_PERMISSION:
	case ERROR_CONFIG:
	case ERROR_USAGE:
	case ERROR_BUSY:
		return false;
	default:
		return true;
	}
}

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* What the Connector says, or our own clock as long as the Connector's agrees with it. */
static bool has_expired(const struct identity *identity, const struct outcome *outcome, int64_t now)
{
	/* Anything else says nothing about the active certificate, but perhaps about a new one. */
	if (outcome->error.kind != ERROR_REJECTED)
		return false;
	if (outcome->alert_expired)
		return true;
	return identity->active.number != 0 && now > identity->not_after
	       && outcome->server_date != 0
	       && distance(outcome->server_date, now) <= POLICY_CLOCK_AGREES;
}

static void become_expired(struct journal *journal, struct error *error)
{
	journal->reenroll = true;
	journal->rejections = 0;
	journal->rejected_since = 0;
	error->kind = ERROR_REENROLL;
	(void)error_prefix(error, "the certificate has expired, run enroll with a one-time token");
}

static void note_rejection(
    struct journal *journal, int64_t rejected_after, int64_t now, struct error *error)
{
	char since[CLOCK_TEXT_SIZE];

	if (journal->rejections == 0 || journal->rejected_since > now)
		journal->rejected_since = now;
	journal->rejections++;
	if (rejected_after != 0
	    && (journal->rejections < POLICY_REJECTIONS
		|| now - journal->rejected_since < rejected_after))
		return;
	journal->reenroll = true;
	clock_format(journal->rejected_since, since);
	error->kind = ERROR_REENROLL;
	(void)error_prefix(error,
	    "the Connector has refused this identity %u time%s since %s, run enroll with a "
	    "one-time token",
	    journal->rejections, journal->rejections == 1 ? "" : "s", since);
}

static enum reason reason_of(const struct error *error, const struct outcome *outcome)
{
	switch (error->kind) {
	case ERROR_REJECTED:
		return REASON_REJECTED;
	case ERROR_CLOCK:
		return REASON_CLOCK;
	case ERROR_PIN:
		return outcome->latched ? REASON_LATCHED : REASON_NONE;
	default:
		return REASON_NONE;
	}
}

static void note_error(struct journal *journal, int64_t now, const struct error *error)
{
	journal->last_error_at = now;
	journal->last_error = error->kind;
	memcpy(journal->last_message, error->message, sizeof(journal->last_message));
}

static void forget_rejections(struct journal *journal)
{
	journal->rejections = 0;
	journal->rejected_since = 0;
	journal->reenroll = false;
}

static void note_success(struct journal *journal, bool changed, int64_t now)
{
	journal->failures = 0;
	journal->next_attempt = 0;
	journal->last_error_at = 0;
	journal->last_error = ERROR_NONE;
	journal->last_message[0] = '\0';
	if (!changed)
		return;
	journal->last_success = now;
	forget_rejections(journal);
}

static void count(struct journal *journal, enum error_kind kind)
{
	if (journal->renewals[kind] < UINT32_MAX)
		journal->renewals[kind]++;
}

static void note_run(struct journal *journal, const struct outcome *outcome, int64_t now)
{
	journal->last_run = now;
	if (outcome->key_generation_milliseconds >= 0)
		journal->key_generation_milliseconds = outcome->key_generation_milliseconds > 0
							   ? outcome->key_generation_milliseconds
							   : 1;
	if (outcome->signer[0])
		(void)!text_copy(
		    journal->last_signer, sizeof(journal->last_signer), outcome->signer);
}

static void back_off(struct identity *identity, int64_t retry_after, int64_t now)
{
	struct journal *journal = &identity->journal;
	/* Towards an end that cannot be met any more nobody has to hurry. */
	bool late = identity->active.number == 0 || journal->reenroll;

	journal->failures++;
	journal->next_attempt = schedule_next_attempt(now, journal->failures,
	    late ? INT64_MAX : identity->not_after, retry_after, identity->settings->name);
}

/* A kill has left no error: the next run goes on. */
static void note_spare(struct identity *identity, const struct outcome *outcome, int64_t now)
{
	struct journal *journal = &identity->journal;

	if (outcome->spare_error.kind == ERROR_NONE) {
		if (!outcome->spare_made)
			return;
		journal->spare_failures = 0;
		journal->spare_next_attempt = 0;
		journal->spare_message[0] = '\0';
		return;
	}
	journal->spare_failures++;
	journal->spare_next_attempt = schedule_next_attempt(
	    now, journal->spare_failures, INT64_MAX, 0, identity->settings->name);
	(void)text_format(journal->spare_message, sizeof(journal->spare_message), "%s",
	    outcome->spare_error.message);
}

/* What a failure has come to mean, and that it was one. */
static void note_failure(struct identity *identity, const struct outcome *outcome, int64_t now,
    enum reason *ret_reason, struct error *error)
{
	struct journal *journal = &identity->journal;

	if (has_expired(identity, outcome, now)) {
		become_expired(journal, error);
		*ret_reason = REASON_EXPIRED;
	} else if (error->kind == ERROR_REJECTED) {
		note_rejection(journal, identity->settings->rejected_after, now, error);
	}
	note_error(journal, now, error);
}

/* `accepted`: the Connector has accepted the identity, if nothing failed. A worker that has only paid
   what is owed does not know that, and a refused one is not asked about more often for it. */
static void remember(struct identity *identity, const struct outcome *outcome, bool accepted,
    int64_t now, enum reason *ret_reason, struct error *error)
{
	struct journal *journal = &identity->journal;

	note_run(journal, outcome, now);
	note_spare(identity, outcome, now);
	*ret_reason = reason_of(error, outcome);
	if (error->kind == ERROR_NONE) {
		if (accepted || !journal->reenroll)
			note_success(journal, outcome->changed, now);
		return;
	}
	note_failure(identity, outcome, now, ret_reason, error);
	if (needs_backoff(error->kind, journal->reenroll))
		back_off(identity, outcome->retry_after, now);
}

void remember_renewal(struct identity *identity, const struct outcome *outcome, int64_t now,
    enum reason *ret_reason, struct error *error)
{
	remember(identity, outcome, outcome->changed, now, ret_reason, error);
	if (outcome->changed || error->kind != ERROR_NONE)
		count(&identity->journal, error->kind);
}

void remember_probe(struct identity *identity, const struct outcome *outcome, int64_t now,
    enum reason *ret_reason, struct error *error)
{
	remember(identity, outcome, true, now, ret_reason, error);
	if (error->kind == ERROR_NONE)
		forget_rejections(&identity->journal);
}

static void note_refused_probe(struct identity *identity, int64_t retry_after, int64_t now)
{
	struct gateway *gateway = &identity->gateway;

	if (gateway->probe_refusals < UINT32_MAX)
		gateway->probe_refusals++;
	gateway->probe_again = schedule_next_attempt(now, gateway->probe_refusals,
	    identity->not_after, retry_after, identity->settings->name);
}

void remember_daily_probe(struct identity *identity, const struct outcome *outcome, int64_t now,
    enum reason *ret_reason, struct error *error)
{
	struct journal *journal = &identity->journal;
	bool refused = error->kind == ERROR_REJECTED;

	note_run(journal, outcome, now);
	*ret_reason = reason_of(error, outcome);
	if (error->kind == ERROR_NONE) {
		note_success(journal, false, now);
		forget_rejections(journal);
	} else {
		note_failure(identity, outcome, now, ret_reason, error);
	}
	if (journal->reenroll)
		back_off(identity, outcome->retry_after, now);
	if (refused && !journal->reenroll)
		note_refused_probe(identity, outcome->retry_after, now);
	else
		identity->gateway.probe_refusals = 0;
}

void remember_enrolment(struct identity *identity, const struct outcome *outcome, int64_t now,
    enum reason *ret_reason, const struct error *error)
{
	note_run(&identity->journal, outcome, now);
	*ret_reason = reason_of(error, outcome);
	if (outcome->changed || error->kind != ERROR_NONE)
		count(&identity->journal, error->kind);
	if (error->kind == ERROR_NONE)
		note_success(&identity->journal, outcome->changed, now);
	else
		note_error(&identity->journal, now, error);
}
