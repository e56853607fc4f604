#pragma once
/*
 * Settings whose value is one of a few words: parsed and formatted as setting_value.h has it. `at` is
 * the place of the value in the settings.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct setting;

/* enum signer_choice */
MUST_CHECK bool setting_choice_parse_signer(
    const struct setting *setting, const char *text, void *at, struct error *error);
char *setting_choice_format_signer(const void *at);
/* enum log_format */
MUST_CHECK bool setting_choice_parse_log(
    const struct setting *setting, const char *text, void *at, struct error *error);
char *setting_choice_format_log(const void *at);
/* enum probe_choice */
MUST_CHECK bool setting_choice_parse_probe(
    const struct setting *setting, const char *text, void *at, struct error *error);
char *setting_choice_format_probe(const void *at);
