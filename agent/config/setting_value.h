#pragma once
/*
 * One setting's value: from text, and back to a text that gives the same value.
 */
#include "agent/config/setting_table.h"
#include "agent/config/settings.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

/* Replaces the value; a list grows. ERROR_CONFIG says what is expected and quotes nothing: it
   may be a PIN that was put into the wrong place. */
MUST_CHECK bool setting_parse(const struct setting *setting, const char *text,
    struct identity_settings *settings, struct error *error);
/* The owned text; NULL when the setting has no value. */
char *setting_format(const struct setting *setting, const struct identity_settings *settings);
/* Frees what the value owns. */
void setting_clear(const struct setting *setting, struct identity_settings *settings);
