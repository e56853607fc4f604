#include "agent/identity/decide.h"

#include "agent/identity/identity.h"
#include "agent/identity/notice.h"
#include "agent/policy.h"
#include "base/clock.h"
#include "base/zone.h"

#include <inttypes.h>

int64_t decide_next_renewal(const struct identity *identity, int64_t now)
{
	const struct windows *windows = &identity->settings->window;

	if (identity->active.number == 0)
		return 0;
	if (windows->count == 0)
		return identity->schedule.due;
	return schedule_start(
	    &identity->schedule, windows, identity->zone ? identity->zone : zone_of_host(), now);
}

static int64_t end_of_backoff(const struct identity *identity, int64_t now)
{
	int64_t next = identity->journal.next_attempt;

	return next > now && next - now <= SCHEDULE_BACKOFF_MAX ? next : 0;
}

static uint32_t certificates_per_day(const struct identity *identity)
{
	return schedule_certificates_per_day(&identity->schedule, identity->not_before,
	    identity->settings->max_certificates_per_day);
}

int64_t decide_next_certificate(const struct identity *identity, int64_t now)
{
	return identity->active.number == 0 ? 0
					    : journal_next_certificate(&identity->journal,
						certificates_per_day(identity), now);
}

int64_t decide_next_attempt(const struct identity *identity, int64_t now)
{
	int64_t backoff = end_of_backoff(identity, now);
	int64_t certificate = decide_next_certificate(identity, now);

	return backoff > certificate ? backoff : certificate;
}

/* An enrolment that has not got its certificate yet waits for a token, unless the key has waited
   too long: then a worker has to destroy it. */
static bool waits_for_token(const struct identity *identity, int64_t now)
{
	const struct journal *journal = &identity->journal;

	if (identity->active.number != 0 || journal->phase > PHASE_KEYED)
		return false;
	return !journal_is_renewing(journal)
	       || (journal->enrolment
		   && (journal->keyed == 0 || now - journal->keyed <= POLICY_KEYED_MAX));
}

bool decide_needs_enrolment(
    const struct identity *identity, int64_t now, enum reason *ret_reason, struct error *error)
{
	char since[CLOCK_TEXT_SIZE];

	*ret_reason = REASON_NONE;
	if (waits_for_token(identity, now)) {
		(void)error_set(
		    error, ERROR_REENROLL, "no certificate yet: run enroll with a one-time token");
		return true;
	}
	if (identity->active.revoked) {
		(void)error_set(error, ERROR_REENROLL,
		    "the certificate has been revoked: run enroll with a one-time token");
		return true;
	}
	if (!identity->journal.reenroll)
		return false;
	if (identity->journal.rejections == 0) {
		*ret_reason = REASON_EXPIRED;
		(void)error_set(error, ERROR_REENROLL,
		    "the certificate has expired: run enroll with a one-time token");
		return true;
	}
	*ret_reason = REASON_REJECTED;
	clock_format(identity->journal.rejected_since, since);
	(void)error_set(error, ERROR_REENROLL,
	    "the Connector has refused the certificate since %s: run enroll with a one-time token",
	    since);
	return true;
}

static struct decision nothing(enum reason reason)
{
	return (struct decision){ .reason = reason };
}

static struct decision work(bool renew)
{
	return (struct decision){ .work = true, .renew = renew };
}

/* While this run waited, another one did what it was asked for. */
static bool was_renewed_meanwhile(const struct identity *identity, const struct wish *wish)
{
	return identity->waited && !journal_is_renewing(&identity->journal)
	       && (identity->active.number != identity->active_before
		   || identity->journal.last_success >= wish->started);
}

static struct decision in_backoff(const struct identity *identity, int64_t next)
{
	const struct journal *journal = &identity->journal;
	struct decision decision = nothing(REASON_BACKOFF);
	char moment[CLOCK_TEXT_SIZE];

	clock_format(next, moment);
	(void)error_set(&decision.error, ERROR_BUSY,
	    "in a back-off until %s after %u failed %s (renew --force tries now): %s", moment,
	    journal->failures, journal->failures == 1 ? "attempt" : "attempts",
	    journal->last_message);
	return decision;
}

/* What is under way may still have to ask, but not once it has its answer. */
static bool may_ask(const struct identity *identity, const struct decision *decision)
{
	const struct journal *journal = &identity->journal;

	return decision->work && !decision->probe
	       && (decision->renew || journal_is_renewing(journal)) && !journal->enrolment
	       && journal->phase <= PHASE_KEYED;
}

/* Something asks again and again: a script with --force, a certificate that is due when it comes. */
static struct decision too_many_certificates(const struct identity *identity, int64_t next)
{
	struct decision decision = nothing(REASON_BACKOFF);
	char moment[CLOCK_TEXT_SIZE];

	clock_format(next, moment);
	(void)error_set(&decision.error, ERROR_BUSY,
	    "%" PRIu32 " certificates have been asked for within a day, which is as many as "
	    "max_certificates_per_day allows (%" PRIu32 "%s): the next one from %s on; find out "
	    "what asks so often",
	    identity->journal.certificates, certificates_per_day(identity),
	    identity->settings->max_certificates_per_day == 0 ? ", by the certificate's lifetime"
							      : "",
	    moment);
	return decision;
}

/* A clock that lies behind what was written down is wrong now, or was wrong then. As long as it
   does not call for a renewal nothing is lost by waiting until somebody sets it right. */
static struct decision clock_has_gone_back(const struct identity *identity, int64_t now)
{
	struct decision decision = nothing(REASON_CLOCK);
	char then[CLOCK_TEXT_SIZE];
	char here[CLOCK_TEXT_SIZE];

	clock_format(identity->journal.saved, then);
	clock_format(now, here);
	(void)error_set(&decision.error, ERROR_CLOCK,
	    "the clock says %s, but the last run was at %s: set the clock right, or run `renew "
	    "--force` once",
	    here, then);
	return decision;
}

bool decide_lacks_spare(const struct identity *identity, int64_t now)
{
	return identity->settings->spare_key && !identity->journal.reenroll
	       && identity_is_alive(identity, now) && journal_lacks_spare(&identity->journal, now);
}

static enum reason reason_to_wait(const struct identity *identity, bool due)
{
	if (due)
		return REASON_WINDOW;
	return identity->schedule.limited_by_ca ? REASON_LIMITED_BY_CA : REASON_NOT_DUE;
}

/* What a one-time token has brought needs no other one: it only waits to be accepted. */
static bool waits_for_acceptance(const struct journal *journal)
{
	return journal->enrolment && !journal->existing && journal->phase > PHASE_KEYED
	       && journal->phase < PHASE_ACTIVE;
}

static bool is_probe_due(const struct identity *identity, int64_t now)
{
	const int64_t next = notice_next_probe(identity, now);

	return next != 0 && now >= next;
}

static struct decision decide(const struct identity *identity, const struct wish *wish)
{
	const int64_t now = wish->now;
	const bool due = identity->active.number != 0 && now >= identity->schedule.due;
	const bool begin = due && now >= decide_next_renewal(identity, now);
	const int64_t next_attempt = end_of_backoff(identity, now);
	struct decision token_needed = { 0 };

	if (identity->unreadable.kind != ERROR_NONE)
		return (struct decision){ .error = identity->unreadable };
	if (wish->force && was_renewed_meanwhile(identity, wish))
		return nothing(REASON_RENEWED_MEANWHILE);
	if (waits_for_token(identity, now)
	    || (!wish->force && !waits_for_acceptance(&identity->journal)))
		(void)decide_needs_enrolment(
		    identity, now, &token_needed.reason, &token_needed.error);
	/* A rotation of CAs half done, and an outage of what checks identities, look like a
	   refusal for good: so it is tried again, once in a back-off. */
	if (token_needed.error.kind != ERROR_NONE
	    && (next_attempt != 0 || token_needed.reason == REASON_NONE))
		return token_needed;
	if (wish->force)
		return work(true);
	if (next_attempt != 0)
		return in_backoff(identity, next_attempt);
	if (!due && now < identity->journal.saved - identity->settings->clock_skew)
		return clock_has_gone_back(identity, now);
	if (begin || journal_is_renewing(&identity->journal)
	    || debts_are_payable(&identity->debts, now)
	    || (!wish->no_spare && decide_lacks_spare(identity, now)))
		return work(begin);
	/* Nothing else would ever find out that it is accepted again. */
	if (token_needed.error.kind != ERROR_NONE)
		return (struct decision){ .work = true, .probe = true };
	if (is_probe_due(identity, now))
		return (struct decision){ .work = true, .probe = true, .daily = true };
	return nothing(reason_to_wait(identity, due));
}

struct decision decide_renew(const struct identity *identity, const struct wish *wish)
{
	const struct decision decision = decide(identity, wish);
	const int64_t next = decide_next_certificate(identity, wish->now);

	return next != 0 && may_ask(identity, &decision) ? too_many_certificates(identity, next)
							 : decision;
}
