#include "agent/metrics/sample.h"

#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/identity/notice.h"
#include "agent/x509/subject.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define NANOSECONDS INT64_C(1000000000)

static bool find_file(
    int state_folder, const char *identity, const char *name, struct stat *ret_status)
{
	char path[IDENTITY_NAME_SIZE + 32];

	return text_format(path, sizeof(path), "%s/%s", identity, name)
	       && fstatat(state_folder, path, ret_status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int64_t changed_at(const struct stat *status)
{
	return status->st_ctim.tv_sec * NANOSECONDS + status->st_ctim.tv_nsec;
}

struct metrics_stamp metrics_stamp_take(int state_folder, const char *identity)
{
	struct metrics_stamp stamp = { .audit_length = 0 };
	struct stat status;

	if (find_file(state_folder, identity, "journal.json", &status)) {
		stamp.journal = status.st_ino;
		stamp.journal_changed = changed_at(&status);
	}
	if (find_file(state_folder, identity, "debts.json", &status))
		stamp.debts_changed = changed_at(&status);
	if (find_file(state_folder, identity, "gateway.json", &status))
		stamp.gateway_changed = changed_at(&status);
	if (find_file(state_folder, identity, AUDIT_NAME, &status))
		stamp.audit_length = status.st_size;
	return stamp;
}

bool metrics_stamp_equal(const struct metrics_stamp *a, const struct metrics_stamp *b)
{
	return a->journal == b->journal && a->journal_changed == b->journal_changed
	       && a->debts_changed == b->debts_changed && a->gateway_changed == b->gateway_changed
	       && a->audit_length == b->audit_length;
}

int64_t metrics_last_check(int state_folder, const char *identity)
{
	struct stat status;

	/* Each holder of the lock writes itself into it. */
	return find_file(state_folder, identity, "lock", &status) ? status.st_mtim.tv_sec : 0;
}

static void add_certificate(struct metrics_sample *sample, const struct identity *identity)
{
	const struct generation *active = &identity->active;
	scoped(char) char *subject = NULL;
	struct error ignored = ERROR_INIT;

	sample->generation = active->number;
	certificate_sha256(active->certificate, sample->sha256);
	if (sk_X509_num(active->chain) > 0)
		certificate_sha256(sk_X509_value(active->chain, 0), sample->issuer_sha256);
	if (subject_format(X509_get_subject_name(active->certificate), &subject, &ignored))
		(void)text_format(sample->subject, sizeof(sample->subject), "%s", subject);
	sample->not_before = identity->not_before;
	sample->not_after = identity->not_after;
	sample->chain_end = identity->chain_end;
	/* Not the next window: that moves on with each one that was missed, and nobody would be overdue. */
	sample->due = identity->schedule.due;
}

static void add_debts(struct metrics_sample *sample, const struct debts *debts)
{
	for (size_t i = 0; i < debts->count; i++) {
		const struct debt *debt = &debts->list[i];

		sample->debts[debt->kind]++;
		if (sample->oldest_debt == 0 || debt->since < sample->oldest_debt)
			sample->oldest_debt = debt->since;
	}
}

static void add_journal(struct metrics_sample *sample, const struct journal *journal)
{
	sample->renewing = journal_is_renewing(journal);
	sample->last_run = journal->last_run;
	sample->last_success = journal->last_success;
	sample->last_error = journal->last_error_at != 0 ? journal->last_error : ERROR_NONE;
	sample->failures = journal->failures;
	memcpy(sample->renewals, journal->renewals, sizeof(sample->renewals));
	sample->key_generation_milliseconds = journal->key_generation_milliseconds;
}

static void add_gateway(struct metrics_sample *sample, const struct identity *identity)
{
	const struct gateway *gateway = &identity->gateway;

	sample->last_probe = gateway->probed;
	sample->gateway_seen = gateway->seen;
	sample->server_end = gateway->server_end;
	sample->issuer_missing = notice_issuer_missing(identity);
	sample->has_clock_ahead = gateway->has_date;
	sample->clock_ahead = gateway->clock_ahead;
}

struct metrics_sample metrics_sample_of(
    const struct identity *identity, struct metrics_stamp stamp, int64_t now)
{
	struct metrics_sample sample = { .known = true, .stamp = stamp };
	struct error ignored = ERROR_INIT;
	enum reason reason;

	sample.readable = identity->unreadable.kind == ERROR_NONE;
	if (identity->active.number != 0)
		add_certificate(&sample, identity);
	add_journal(&sample, &identity->journal);
	add_gateway(&sample, identity);
	add_debts(&sample, &identity->debts);
	sample.next_attempt = decide_next_attempt(identity, now);
	sample.reenroll = decide_needs_enrolment(identity, now, &reason, &ignored)
			  || (identity->active.number != 0 && now > identity->not_after);
	if (identity->store && stamp.audit_length != 0
	    && !audit_read_head(identity->store, &sample.audit, &ignored))
		sample.audit = (struct audit_head){ .count = 0 };
	return sample;
}
