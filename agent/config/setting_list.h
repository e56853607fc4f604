#pragma once
/*
 * The values that are lists: words with blanks or commas between them.
 */
#include "agent/config/settings.h"
#include "base/compiler.h"
#include "base/error.h"

/* Each adds to what is there; a failure (ERROR_CONFIG) may have added some of it. */
MUST_CHECK bool setting_list_parse(
    const char *text, struct setting_list *list, struct error *error);
/* SHA-256 as hexadecimal digits, in lower case afterwards; colons between the bytes, as openssl prints
   them, are left out. */
MUST_CHECK bool setting_list_parse_fingerprints(
    const char *text, struct setting_list *list, struct error *error);
/* Owned; NULL: an empty list. */
char *setting_list_format(const struct setting_list *list);
void setting_list_clear(struct setting_list *list);
