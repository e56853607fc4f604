#pragma once
/*
 * The settings of one identity as a whole: empty, filled with defaults, checked.
 */
#include "agent/config/settings.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

/* A file's name without path, as a folder under the state directory can have it. ERROR_CONFIG. */
MUST_CHECK bool identity_name_check(const char *name, struct error *error);

/* Nothing set; identity_settings_clear frees what was set since. */
struct identity_settings identity_settings_empty(void);
void identity_settings_clear(struct identity_settings *settings);

/* Gives every setting without a value (for which `is_set` says no) that of `defaults`, or that of
   the table; defaults may be NULL. A PIN's way in is inherited only when none is set. */
void identity_settings_fill(struct identity_settings *settings, const bool *is_set,
    const struct identity_settings *defaults, const bool *defaults_set);
/* What is required is there, and at most one way to the PIN. ERROR_CONFIG. */
MUST_CHECK bool identity_settings_check(
    const struct identity_settings *settings, struct error *error);
/* What no two of them may have in common. ERROR_CONFIG. */
MUST_CHECK bool identity_settings_check_together(
    const struct identity_settings *list, size_t count, struct error *error);
