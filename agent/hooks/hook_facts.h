#pragma once
/*
 * What a hook is told: one flat JSON object (docs/hook.schema.json) on its standard input, and the
 * same in its environment, RENEWAL_AGENT_<MEMBER> in upper case; what is null there is not set
 * here. Nothing in it is secret.
 */
#include "agent/state/debts.h"
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>

struct identity;

/* As it is now: of the active generation, whichever the debt is about, since that is what those who
   use the identity will find. Fails when that cannot be read. Owned. */
MUST_CHECK bool hook_facts_make(const struct identity *identity, const struct debt *debt,
    cJSON **ret_facts, struct error *error);
/* With PATH and LANG, and nothing else. NULL-terminated; owned: hook_environment_discard. */
char **hook_environment_make(const cJSON *facts);
void hook_environment_discard(char **environment);
