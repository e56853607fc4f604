#pragma once
/*
 * The members of a JSON object that one of our own files holds, read strictly.
 *
 * A record remembers that something was wrong, so that a caller reads member after member and
 * asks once, at the end. What comes back for a member that is wrong is 0, false or "".
 */
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_SCHEMA_VERSION 1

struct record {
	const cJSON *object; /* borrowed */
	bool good;
};

/* Not good when it is no object, or its schema_version is not ours. */
struct record record_begin(const cJSON *object);

int64_t record_number(struct record *record, const char *name, int64_t least, int64_t most);
bool record_flag(struct record *record, const char *name);
/* RFC 3339; absent is 0. */
int64_t record_time(struct record *record, const char *name);
/* Absent is "". */
void record_text(struct record *record, const char *name, char *target, size_t size);
/* "" or an even number of lower case hexadecimal digits. */
void record_hex(struct record *record, const char *name, char *target, size_t size);
/* Owned by the caller; absent is NULL. */
char *record_string(struct record *record, const char *name, size_t most);

/* A copy of an array of at most `count` texts of at most `most` bytes each; absent is NULL. Owned. */
cJSON *record_texts(struct record *record, const char *name, int count, size_t most);

bool record_is_hex(const char *text);

cJSON *record_new(void); /* with its schema_version */
/* "" becomes null. */
void record_add_text(cJSON *object, const char *name, const char *text);
/* As json_add_time, but what no file of ours could hold is cut to what one can. */
void record_add_time(cJSON *object, const char *name, int64_t seconds);
