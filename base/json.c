#include "base/json.h"

#include "base/clock.h"
#include "base/json_syntax.h"
#include "base/scoped.h"
#include "base/text.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Beyond this a double, which is what cJSON keeps, no longer tells whole numbers apart. */
#define INTEGER_MOST ((INT64_C(1) << 53) - 1)
/* The largest double, cut to the digits that cJSON prints, would no longer be a double. */
#define NUMBER_MOST 1e308
/* From here on cJSON prints fifteen digits and an exponent. */
#define PRINTED_MOST INT64_C(1000000000000000)

DEFINE_SCOPED(names, const char **, free)

/* What the checks of a value need on their way down. */
struct check {
	const char *what;
	enum error_kind kind;
	struct error *error;
};

static bool check_value(const struct check *check, const cJSON *value);

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, because a comparison of each with each takes minutes for a megabyte of names. */
static bool check_names(const struct check *check, const cJSON *object)
{
	size_t count = (size_t)cJSON_GetArraySize(object);
	scoped(names) const char **names = calloc(count, sizeof(*names));
	size_t i = 0;

	if (!names)
		return error_set(check->error, ERROR_INTERNAL, "no memory to read %s", check->what);
	for (const cJSON *member = object->child; member; member = member->next)
		names[i++] = member->string;
	qsort(names, count, sizeof(*names), compare_names);
	for (i = 1; i < count; i++) {
		if (!text_equal(names[i - 1], names[i]))
			continue;
		return error_set(check->error, check->kind,
		    "%s is not valid JSON: an object has the name \"%.64s\" twice", check->what,
		    names[i]);
	}
	return true;
}

static bool check_value(const struct check *check, const cJSON *value)
{
	if (cJSON_IsNumber(value) && !(fabs(value->valuedouble) <= NUMBER_MOST))
		return error_set(check->error, check->kind,
		    "%s is not valid JSON: a number is too large", check->what);
	if (cJSON_IsObject(value) && value->child && !check_names(check, value))
		return false;
	for (const cJSON *child = value->child; child; child = child->next)
		if (!check_value(check, child))
			return false;
	return true;
}

bool json_parse(const char *text, size_t length, const char *what, enum error_kind kind,
    cJSON **ret_value, struct error *error)
{
	const struct check check = { what, kind, error };
	scoped(cJSON) cJSON *value = NULL;

	if (!json_syntax_check(text, length, JSON_DEPTH_MAX, what, kind, error))
		return false;
	value = cJSON_ParseWithLength(text, length);
	if (!value)
		return error_set(error, ERROR_INTERNAL, "no memory to read %s", what);
	if (!check_value(&check, value))
		return false;

	*ret_value = take(value);
	return true;
}

const cJSON *json_member(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNull(member) ? NULL : member;
}

const char *json_string(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(json_member(object, name));
}

bool json_integer(const cJSON *object, const char *name, int64_t *ret_number)
{
	const cJSON *member = json_member(object, name);
	double number;

	if (!cJSON_IsNumber(member))
		return false;
	number = member->valuedouble;
	if (!(fabs(number) <= (double)INTEGER_MOST) || trunc(number) != number)
		return false;
	*ret_number = (int64_t)number;
	return true;
}

bool json_boolean(const cJSON *object, const char *name, bool otherwise)
{
	const cJSON *member = json_member(object, name);

	return cJSON_IsBool(member) ? cJSON_IsTrue(member) : otherwise;
}

/* Memory that has run out while a report is built leaves nothing to report with. */
static cJSON *need(cJSON *made)
{
	if (!made)
		abort();
	return made;
}

/* File names and other programs' messages may be anything; what we print is UTF-8. */
static void mend_utf8(char *text)
{
	size_t length = strlen(text);
	size_t at = 0;

	while (at < length) {
		size_t step = utf8_length(text + at, length - at);

		if (step == 0)
			text[at] = '?';
		at += step == 0 ? 1 : step;
	}
}

void json_add_string(cJSON *object, const char *name, const char *value)
{
	if (value)
		mend_utf8(need(cJSON_AddStringToObject(object, name, value))->valuestring);
	else
		need(cJSON_AddNullToObject(object, name));
}

void json_add_integer(cJSON *object, const char *name, int64_t number)
{
	char digits[32];

	text_format(digits, sizeof(digits), "%" PRId64, number);
	if (number > -PRINTED_MOST && number < PRINTED_MOST)
		need(cJSON_AddNumberToObject(object, name, (double)number));
	else
		need(cJSON_AddRawToObject(object, name, digits));
}

void json_add_boolean(cJSON *object, const char *name, bool value)
{
	need(cJSON_AddBoolToObject(object, name, value));
}

void json_add_time(cJSON *object, const char *name, int64_t seconds)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(seconds, text);
	json_add_string(object, name, seconds == 0 ? NULL : text);
}

cJSON *json_add_object(cJSON *object, const char *name)
{
	return need(cJSON_AddObjectToObject(object, name));
}

cJSON *json_add_array(cJSON *object, const char *name)
{
	return need(cJSON_AddArrayToObject(object, name));
}

void json_add_item(cJSON *object, const char *name, cJSON *item)
{
	if (!cJSON_AddItemToObject(object, name, item))
		abort();
}

cJSON *json_new_object(void)
{
	return need(cJSON_CreateObject());
}

char *json_print(const cJSON *value)
{
	char *text = cJSON_PrintUnformatted(value);

	if (!text)
		abort();
	return text;
}

size_t json_measure(const char *text, size_t length)
{
	size_t depth = 0;
	bool quoted = false;

	if (length == 0 || text[0] != '{')
		return length;
	for (size_t i = 0; i < length; i++) {
		if (quoted && (unsigned char)text[i] < 0x20)
			return i;
		if (quoted && text[i] == '\\' && i + 1 < length && text[i + 1] != '\n')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted
			 && ((text[i] == '{' && depth++ == JSON_DEPTH_MAX)
			     || (text[i] == '}' && --depth == 0)))
			return i + 1;
	}
	return length;
}

size_t json_skip(const char *text, size_t at, size_t length)
{
	while (at < length
	       && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n'))
		at++;
	return at;
}
