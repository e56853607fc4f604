#pragma once
/*
 * What the metrics say of one identity, copied from it as it stands.
 */
#include "agent/audit/audit.h"
#include "agent/state/debts.h"
#include "agent/x509/certificate.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct identity;

#define METRICS_SUBJECT_SIZE 512

/* Which files it was made of: another stamp means that somebody has been at work since. */
struct metrics_stamp {
	ino_t journal;
	int64_t journal_changed, debts_changed, gateway_changed; /* nanoseconds */
	int64_t audit_length;
};

/* Moments are 0 where there is none. */
struct metrics_sample {
	bool known;    /* there is a sample at all */
	bool readable; /* else nothing below is */
	struct metrics_stamp stamp;

	uint32_t generation; /* 0: none is active, and the rest of the block is not set */
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	char issuer_sha256[CERTIFICATE_SHA256_TEXT_SIZE]; /* "": none came with it */
	char subject[METRICS_SUBJECT_SIZE];
	int64_t not_before, not_after, chain_end, due;

	bool renewing, reenroll;
	int64_t last_run, last_success, next_attempt;
	enum error_kind last_error; /* ERROR_NONE: the last run went well, or there was none */
	uint32_t failures;
	uint32_t renewals[ERROR_KIND_COUNT];
	int64_t key_generation_milliseconds; /* 0: none was made */

	int64_t last_probe, gateway_seen, server_end, issuer_missing;
	bool has_clock_ahead;
	int64_t clock_ahead;

	uint32_t debts[DEBT_KIND_COUNT];
	int64_t oldest_debt;

	struct audit_head audit;
};

/* Of an identity that was opened. `stamp` was taken before it was read. */
struct metrics_sample metrics_sample_of(
    const struct identity *identity, struct metrics_stamp stamp, int64_t now);

/* `state_folder` is a descriptor of the state directory; all zero for what is not there. */
struct metrics_stamp metrics_stamp_take(int state_folder, const char *identity);
bool metrics_stamp_equal(const struct metrics_stamp *a, const struct metrics_stamp *b);
/* When a command that may change something was last at the identity; 0: never. */
int64_t metrics_last_check(int state_folder, const char *identity);
