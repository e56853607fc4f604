#include "agent/identity/moment.h"

#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/identity/notice.h"
#include "agent/policy.h"
#include "base/compiler.h"

/* Back-off, ceiling, spare key, clock, key that has waited too long, daily probe; the renewal as it is planned now
   and after each of the first two; and the debts. */
#define MOMENTS_MAX (9 + DEBTS_MAX)

/* What decide_renew compares with the clock. */
static size_t list(const struct identity *identity, int64_t now, int64_t moments[MOMENTS_MAX])
{
	const struct journal *journal = &identity->journal;
	const int64_t certificate = decide_next_certificate(identity, now);
	size_t count = 0;

	moments[count++] = decide_next_renewal(identity, now);
	/* The window may have closed until then. */
	moments[count++] = decide_next_renewal(identity, journal->next_attempt);
	moments[count++] = decide_next_renewal(identity, certificate);
	moments[count++] = journal->next_attempt;
	moments[count++] = certificate;
	moments[count++] = journal->spare_next_attempt;
	moments[count++] = notice_next_probe(identity, now);
	moments[count++] = journal->saved - identity->settings->clock_skew;
	moments[count++] = journal->keyed + POLICY_KEYED_MAX + 1;
	for (size_t i = 0; i < identity->debts.count; i++)
		moments[count++] = identity->debts.list[i].next_attempt;
	return count;
}

/* A hook that is owed needs a run, but no worker. */
static bool asks_for_work(const struct identity *identity, int64_t at)
{
	const struct decision decision =
	    decide_renew(identity, &(struct wish){ .started = at, .now = at });

	return decision.work || debts_hooks_are_payable(&identity->debts, at);
}

static enum moment_kind kind_of(const struct identity *identity, int64_t at)
{
	const struct decision decision =
	    decide_renew(identity, &(struct wish){ .started = at, .now = at });

	if (decision.daily)
		return MOMENT_PROBE;
	if (identity->journal.failures > 0)
		return MOMENT_ATTEMPT;
	if (journal_is_renewing(&identity->journal))
		return MOMENT_BEGUN;
	if (identity->active.number != 0 && at >= identity->schedule.due)
		return MOMENT_RENEWAL;
	if (debts_are_payable(&identity->debts, at)
	    || debts_hooks_are_payable(&identity->debts, at))
		return MOMENT_DEBT;
	return identity->settings->spare_key ? MOMENT_SPARE : MOMENT_ATTEMPT;
}

struct moment moment_next(const struct identity *identity, int64_t now)
{
	struct moment next = { INT64_MAX, MOMENT_NONE, INT64_MAX };
	int64_t moments[MOMENTS_MAX];
	size_t count = list(identity, now, moments);

	if (asks_for_work(identity, now))
		next.at = now;
	else
		for (size_t i = 0; i < count; i++)
			if (moments[i] > now && moments[i] < next.at
			    && asks_for_work(identity, moments[i]))
				next.at = moments[i];
	if (next.at == INT64_MAX)
		return next;
	next.kind = kind_of(identity, next.at);
	next.due = next.at;
	if (next.kind == MOMENT_RENEWAL && decide_next_renewal(identity, next.at) < next.at)
		next.due = decide_next_renewal(identity, next.at);
	if (next.kind == MOMENT_PROBE && notice_next_probe(identity, next.at) < next.at)
		next.due = notice_next_probe(identity, next.at);
	return next;
}

const char *moment_name(enum moment_kind kind)
{
	static const char *const names[] = {
		[MOMENT_NONE] = "nothing",
		[MOMENT_BEGUN] = "what was begun goes on",
		[MOMENT_RENEWAL] = "renewal",
		[MOMENT_ATTEMPT] = "next attempt",
		[MOMENT_DEBT] = "what is owed",
		[MOMENT_SPARE] = "spare key",
		[MOMENT_TOKEN] = "enrolment with the one-time token that was left",
		[MOMENT_PROBE] = "daily probe",
	};

	return names[kind];
}
