#pragma once
/*
 * What a person's attempt (enroll, adopt, rollback) leaves in the journal for the runs to come.
 */
struct call;
struct error;
struct identity;
struct result;
struct supervised;

/* After its worker, unless that was interrupted. No back-off follows: a person is at it. What failed
   is owed to hook_failed. */
void attempt_note(const struct call *call, struct identity *identity,
    const struct supervised *supervised, struct result *result, const struct error *reason);
