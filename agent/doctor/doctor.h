#pragma once
/*
 * doctor: every precondition, checked in the order of agent/job/check.h. The supervisor looks at
 * the configuration and the state directory itself and has a worker look at the token and the
 * Connector. Of a worker that hangs or crashes there is what it found until then.
 *
 * Nothing is changed but for a file that is made, fsynced and gone again, and for what
 * agent/examination/examination.h says of the latch.
 */
#include "agent/job/check.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct call;
struct identity;
struct identity_settings;
struct result;

struct doctor {
	const struct call *call;
	const struct identity_settings *settings;
	struct identity *identity; /* `unreadable` says why it could not be opened or read */
};

/* Fills result->checks. False when a check failed: *error is the worst by its exit status. */
MUST_CHECK bool doctor_run(
    const struct call *call, struct identity *identity, struct result *result, struct error *error);
/* The configuration cannot be read: that check fails, the others are skipped. */
void doctor_refuse(const struct error *reason, struct result *result);

/* One function a check. It fills *check, whose id is set. */
void doctor_configuration(const struct doctor *doctor, struct check *check);
void doctor_credentials(const struct doctor *doctor, struct check *check);
void doctor_hooks(const struct doctor *doctor, struct check *check);
void doctor_metrics(const struct doctor *doctor, struct check *check);
void doctor_enrollment_token(const struct doctor *doctor, struct check *check);
void doctor_state_directory(const struct doctor *doctor, struct check *check);
void doctor_state_space(const struct doctor *doctor, struct check *check);
void doctor_state_fsync(const struct doctor *doctor, struct check *check);
void doctor_lock(const struct doctor *doctor, struct check *check);
void doctor_journal(const struct doctor *doctor, struct check *check);
void doctor_certificate(const struct doctor *doctor, struct check *check);
