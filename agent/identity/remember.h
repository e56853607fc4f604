#pragma once
/*
 * What a run leaves in the journal for the next one: failures and the back-off that follows from
 * them, refusals until they mean that only a one-time token helps. Pure but for the journal that
 * it changes; the caller saves it.
 */
#include "agent/identity/result.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct identity;
struct outcome;

/* After a worker that was to renew: what a failure has come to mean is put into *error and
   *ret_reason; refusals and expiry become ERROR_REENROLL. */
void remember_renewal(struct identity *identity, const struct outcome *outcome, int64_t now,
    enum reason *ret_reason, struct error *error);
/* After one that only probed a refused identity: accepted, it needs no one-time token any more;
   refused, it is asked again later and later. */
void remember_probe(struct identity *identity, const struct outcome *outcome, int64_t now,
    enum reason *ret_reason, struct error *error);
/* After the daily probe of an identity that needs nothing. A failure holds up no renewal, unless it
   has come to mean that only a one-time token helps; a refusal is asked about again, later and
   later, until that is so. The caller saves the gateway too. */
void remember_daily_probe(struct identity *identity, const struct outcome *outcome, int64_t now,
    enum reason *ret_reason, struct error *error);
/* After one that was to enroll. A person is at it: no back-off follows, and a refusal says nothing
   about the active identity. */
void remember_enrolment(struct identity *identity, const struct outcome *outcome, int64_t now,
    enum reason *ret_reason, const struct error *error);
