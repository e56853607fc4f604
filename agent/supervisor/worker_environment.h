#pragma once
/*
 * The environment that the worker starts with: ours without what would change, from outside and
 * unseen, whom it trusts, where its keys come from, or who can read its connections.
 */
#include "agent/config/settings.h"

/* NULL-terminated; the strings are borrowed from `from`, the array is freed by the caller.
   `kept` are names that stay although they would be removed. Aborts when memory has run out. */
char **worker_environment_make(char *const *from, const struct setting_list *kept);
