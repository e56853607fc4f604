#pragma once
/*
 * answer.json: what the Connector returned for the CSR, as it came, before anything of it is
 * trusted. It is written before the journal says ISSUED and removed when the renewal ends.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct store;

/* PEM texts; owned by whoever loaded them: answer_clear. */
struct answer {
	char *subject; /* that the Connector asked for */
	char *client_certificate;
	char *ca_certificate;
	char *certificate_chain;
};

MUST_CHECK bool answer_save(
    const struct store *store, const struct answer *answer, struct error *error);
/* Absent or damaged succeeds with *ret_found false. */
MUST_CHECK bool answer_load(
    const struct store *store, struct answer *ret_answer, bool *ret_found, struct error *error);
MUST_CHECK bool answer_remove(const struct store *store, struct error *error);
void answer_clear(struct answer *answer);
