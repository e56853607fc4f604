#pragma once
/*
 * The events of certificates in the audit log. Whoever moves `current` calls audit_ca_changed
 * before, since the older generation may be gone afterwards, and audit_certificate_activated
 * after, before anything else counts on it.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct generation;
struct store;

/* When the issuing CA of `next` is another certificate than that of `active`; both must be known. */
MUST_CHECK bool audit_ca_changed(const struct store *store, const char *run_id,
    const struct generation *active, const struct generation *next, struct error *error);
MUST_CHECK bool audit_certificate_activated(const struct store *store, const char *run_id,
    const struct generation *active, struct error *error);
MUST_CHECK bool audit_certificate_revoked(const struct store *store, const char *run_id,
    const struct generation *revoked, struct error *error);
