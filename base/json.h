#pragma once
/*
 * JSON read strictly (RFC 8259), on top of cJSON.
 *
 * cJSON accepts repeated names, bytes after the value and \u0000, and compares names without
 * case. json_parse refuses these and whatever else base/json_syntax does, bounds the depth, and
 * the getters compare exactly. Getters borrow from the object. What is written is always UTF-8:
 * bytes that are not become '?'.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 32

/* `what` names the source in messages, which quote nothing but a repeated name. Errors are of the
   kind `kind`, save for memory (ERROR_INTERNAL). The caller owns the value. */
MUST_CHECK bool json_parse(const char *text, size_t length, const char *what, enum error_kind kind,
    cJSON **ret_value, struct error *error);

/* How long the value at the start of the text is, for texts that hold one object after another: to the
   brace that closes it, to where it is none any more (a line that ends in a string, JSON_DEPTH_MAX), or
   to the end. What is in it is for json_parse to judge. So of many objects that are cut each costs some
   objects more, and not the rest of the text. */
size_t json_measure(const char *text, size_t length);
/* Where, from `at` on, something else than a blank stands (RFC 8259, 2); `length` when nothing does. */
size_t json_skip(const char *text, size_t at, size_t length);

/* NULL when the object has no such member; a JSON null counts as absent. */
const cJSON *json_member(const cJSON *object, const char *name);
/* NULL when absent or not a string. */
const char *json_string(const cJSON *object, const char *name);
/* False when absent, not a whole number, or beyond +-(2^53 - 1). */
bool json_integer(const cJSON *object, const char *name, int64_t *ret_number);
/* `otherwise` when absent or not a boolean. */
bool json_boolean(const cJSON *object, const char *name, bool otherwise);

/* A NULL value becomes a JSON null. These and json_print abort the process when memory has run out. */
void json_add_string(cJSON *object, const char *name, const char *value);
void json_add_integer(cJSON *object, const char *name, int64_t number);
void json_add_boolean(cJSON *object, const char *name, bool value);
/* A time as RFC 3339 UTC; 0 becomes null. */
void json_add_time(cJSON *object, const char *name, int64_t seconds);
cJSON *json_add_object(cJSON *object, const char *name); /* borrowed from `object` */
cJSON *json_add_array(cJSON *object, const char *name);  /* borrowed from `object` */
/* Takes `item`. */
void json_add_item(cJSON *object, const char *name, cJSON *item);
cJSON *json_new_object(void);

/* Without blanks and newline; the caller owns it. */
char *json_print(const cJSON *value);
