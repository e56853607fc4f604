#pragma once
/*
 * A renewal that finds an identity locked out, and a one-time token left for it: it enrolls with
 * that at once, whatever back-off there is, as `enroll` would. The active generation stays what it
 * is until the new one has been proven.
 *
 *	looks before it tries to renew, if only a token helps, and after that was found out;
 *	what has been looked at stands in *drop, and is not looked at twice.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct call;
struct identity;
struct result;
struct token_drop;

/* Whether nothing but a one-time token helps now; also when a certificate under a CA of
   `distrusted_ca` has been refused, once. Touches nothing. */
bool reenrolment_is_called_for(const struct identity *identity);
/* Whether there is a token that can be used. */
bool reenrolment_has_token(const struct identity *identity, struct token_drop *drop);
/* Enrolls with it; the file of a token that has been sent is removed. */
MUST_CHECK bool reenrolment_run(const struct call *call, struct identity *identity,
    const struct token_drop *drop, struct result *result, struct error *error);
/* After a failure for which a token is called for: adds what is the matter with what was left, that
   only the next run can use it (pin_fd), or where a token may be left; removes what is used up. */
void reenrolment_explain(
    const struct call *call, const struct token_drop *drop, struct error *error);
/* A kill may have come between the use of a token and the end of its file. */
void reenrolment_tidy(
    const struct call *call, const struct identity *identity, struct token_drop *drop);
