#pragma once
/*
 * An enrolment: a worker asks for a certificate with a one-time token, and what has come of it is
 * noted. For `enroll`, and for a renewal that finds a token left for an identity which needs one.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct call;
struct enroll_token;
struct identity;
struct result;

/* url NULL: that of the token, else enrollment_url; ERROR_USAGE when there is none. Whether the
   token has been sent says the identity's journal afterwards; a failure after that is
   ERROR_REENROLL, or ERROR_UNPROVEN while the certificate that it brought waits to be accepted. */
MUST_CHECK bool enrolment_run(const struct call *call, struct identity *identity,
    const struct enroll_token *token, const char *url, struct result *result, struct error *error);
/* By the identity's journal. */
bool enrolment_token_is_spent(const struct identity *identity, const struct enroll_token *token);
