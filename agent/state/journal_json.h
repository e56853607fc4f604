#pragma once
/*
 * The journal as JSON, and back.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>

struct journal;

cJSON *journal_json_format(const struct journal *journal); /* owned by the caller */
/* False: a member is absent, of another type or out of range; *ret_journal is then undefined. */
bool journal_json_parse(const cJSON *object, struct journal *ret_journal);
