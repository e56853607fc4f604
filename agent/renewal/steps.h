#pragma once
/*
 * The steps of a renewal, one file each. A step that fails may name another phase to go to than
 * the table's by setting *ret_after, which comes in as the table has it.
 */
#include "agent/state/journal.h"
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>

struct run;

MUST_CHECK bool step_plan(struct run *run, enum phase *ret_after, struct error *error);
MUST_CHECK bool step_make_key(struct run *run, enum phase *ret_after, struct error *error);
MUST_CHECK bool step_request(struct run *run, enum phase *ret_after, struct error *error);
MUST_CHECK bool step_verify(struct run *run, enum phase *ret_after, struct error *error);
MUST_CHECK bool step_probe(struct run *run, enum phase *ret_after, struct error *error);
MUST_CHECK bool step_activate(struct run *run, enum phase *ret_after, struct error *error);
MUST_CHECK bool step_note_debts(struct run *run, enum phase *ret_after, struct error *error);
MUST_CHECK bool step_discard(struct run *run, enum phase *ret_after, struct error *error);

/* Before a renewal begins: owes the keys of those generations that are not retained any more, since
   `retain` was lowered. A full token has room for no new key before they are gone. */
MUST_CHECK bool step_owe_surplus(struct run *run, struct error *error);

/* step_request's two ways to an answer: over mTLS as the active identity, or by one-time token. */
struct answer;
struct generation;
MUST_CHECK bool request_renewal(
    struct run *run, enum phase *ret_after, struct answer *ret_answer, struct error *error);
MUST_CHECK bool request_enrolment(
    struct run *run, enum phase *ret_after, struct answer *ret_answer, struct error *error);
/* An enrolment that fails from now on needs another token; its key is kept. Returns false. */
bool request_used_up(struct error *error);
/* Shared by the two: the request for the journal's key, and what the configuration tells. */
struct connector_configuration;
MUST_CHECK bool request_build(struct run *run, const struct connector_configuration *configuration,
    enum phase *ret_after, char **ret_csr, struct error *error);
/* The signed request alone, by the first signer whose signature verifies. A key that none signs with
   rightly is REJECTED. Owned. */
MUST_CHECK bool request_sign(struct run *run, const X509_NAME *subject, enum phase *ret_after,
    char **ret_csr, struct error *error);
