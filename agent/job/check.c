#include "agent/job/check.h"

#include "base/record.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define NEEDS(id) (UINT64_C(1) << (id))

/* clang-format off */
static const struct {
	const char *name;
	uint64_t needs;
} kinds[] = {
	[CHECK_CONFIGURATION]      = { "configuration",      0 },
	[CHECK_STATE_DIRECTORY]    = { "state-directory",    0 },
	[CHECK_STATE_SPACE]        = { "state-space",        0 },
	[CHECK_STATE_FSYNC]        = { "state-fsync",        NEEDS(CHECK_STATE_DIRECTORY) },
	[CHECK_LOCK]               = { "lock",               0 },
	[CHECK_JOURNAL]            = { "journal",            0 },
	[CHECK_CERTIFICATE]        = { "certificate",        0 },
	[CHECK_CREDENTIALS]        = { "credentials",        0 },
	[CHECK_HOOKS]              = { "hooks",              0 },
	[CHECK_METRICS]            = { "metrics",            0 },
	[CHECK_ENROLLMENT_TOKEN]   = { "enrollment-token",   0 },
	[CHECK_PIN_SOURCE]         = { "pin-source",         0 },
	[CHECK_MODULE]             = { "module",             0 },
	[CHECK_TOKEN]              = { "token",              NEEDS(CHECK_MODULE) },
	[CHECK_PIN_STATE]          = { "pin-state",          NEEDS(CHECK_TOKEN) },
	[CHECK_PIN_LATCH]          = { "pin-latch",          NEEDS(CHECK_TOKEN) | NEEDS(CHECK_PIN_SOURCE) },
	[CHECK_LOGIN]              = { "login",              NEEDS(CHECK_PIN_STATE) | NEEDS(CHECK_PIN_LATCH) },
	[CHECK_KEY_GENERATION]     = { "key-generation",     NEEDS(CHECK_TOKEN) },
	[CHECK_SIGN_PKCS1]         = { "sign-pkcs1",         NEEDS(CHECK_TOKEN) },
	[CHECK_SIGN_PSS]           = { "sign-pss",           NEEDS(CHECK_TOKEN) },
	[CHECK_CAPACITY]           = { "capacity",           NEEDS(CHECK_TOKEN) },
	[CHECK_KEY_ATTRIBUTES]     = { "key-attributes",     NEEDS(CHECK_LOGIN) },
	[CHECK_LEFTOVERS]          = { "leftovers",          NEEDS(CHECK_LOGIN) },
	[CHECK_KEY_CERTIFICATE]    = { "key-certificate",    NEEDS(CHECK_LOGIN) },
	[CHECK_SIGNER]             = { "signer",             NEEDS(CHECK_KEY_CERTIFICATE) },
	[CHECK_SELF_TEST]          = { "self-test",          NEEDS(CHECK_SIGNER) },
	[CHECK_URL]                = { "url",                0 },
	[CHECK_NAME_RESOLUTION]    = { "name-resolution",    NEEDS(CHECK_URL) },
	[CHECK_CONNECTION]         = { "connection",         NEEDS(CHECK_NAME_RESOLUTION) },
	[CHECK_TLS_VERSION]        = { "tls-version",        NEEDS(CHECK_CONNECTION) },
	[CHECK_SERVER_CERTIFICATE] = { "server-certificate", NEEDS(CHECK_CONNECTION) },
	[CHECK_ACCEPTABLE_CAS]     = { "acceptable-cas",     NEEDS(CHECK_SERVER_CERTIFICATE) },
	[CHECK_CONNECTOR]          = { "connector",          NEEDS(CHECK_SERVER_CERTIFICATE) },
	[CHECK_CLOCK]              = { "clock",              NEEDS(CHECK_CONNECTION) },
};
/* clang-format on */

_Static_assert(ARRAY_LENGTH(kinds) == CHECK_COUNT, "every check has its name");
_Static_assert(CHECK_COUNT <= 64, "every check has its bit");

static const char *const result_names[] = {
	[CHECK_OK] = "ok",
	[CHECK_WARN] = "warn",
	[CHECK_FAIL] = "fail",
	[CHECK_SKIPPED] = "skipped",
};

const char *check_name(enum check_id id)
{
	return kinds[id].name;
}

const char *check_result_name(enum check_result result)
{
	return result_names[result];
}

/* By way of an error, which keeps messages to one printable line. */
static void set(struct check *check, enum check_result result, const char *cure, const char *format,
    va_list values)
{
	char text[ERROR_MESSAGE_SIZE];
	struct error error = ERROR_INIT;

	(void)vsnprintf(text, sizeof(text), format, values);
	(void)error_set(&error, ERROR_INTERNAL, "%s", text);
	check->result = result;
	check->kind = ERROR_NONE;
	(void)!text_copy(check->message, sizeof(check->message), error.message);
	text_format(check->cure, sizeof(check->cure), "%s", cure);
}

void check_set_ok(struct check *check, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	set(check, CHECK_OK, "", format, values);
	va_end(values);
}

void check_set_warning(struct check *check, const char *cure, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	set(check, CHECK_WARN, cure, format, values);
	va_end(values);
}

void check_set_skipped(struct check *check, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	set(check, CHECK_SKIPPED, "", format, values);
	va_end(values);
}

void check_set_failed(struct check *check, const char *cure, const struct error *error)
{
	struct error line = ERROR_INIT; /* a cure may quote a path or a variable */

	check->result = CHECK_FAIL;
	check->kind = error->kind;
	(void)!text_copy(check->message, sizeof(check->message), error->message);
	(void)error_set(&line, ERROR_INTERNAL, "%s", cure ? cure : "");
	text_format(check->cure, sizeof(check->cure), "%s", line.message);
}

void check_list_add(struct check_list *list, const struct check *check)
{
	struct check *items;

	if (list->count == CHECKS_MAX)
		return;
	items = realloc(list->items, (list->count + 1) * sizeof(*items));
	if (!items)
		abort();
	list->items = items;
	list->items[list->count++] = *check;
}

void check_list_clear(struct check_list *list)
{
	free(list->items);
	*list = (struct check_list){ NULL, 0 };
}

bool check_list_has(const struct check_list *list, enum check_id id)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].id == id)
			return true;
	return false;
}

bool check_may_run(const struct check_list *list, struct check *check)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct check *other = &list->items[i];

		if (!(kinds[check->id].needs & NEEDS(other->id)))
			continue;
		if (other->result != CHECK_FAIL && other->result != CHECK_SKIPPED)
			continue;
		check_set_skipped(check, "needs %s, which %s", kinds[other->id].name,
		    other->result == CHECK_FAIL ? "failed" : "was skipped");
		return false;
	}
	return true;
}

void check_to_json(const struct check *check, cJSON *object)
{
	json_add_string(object, "name", kinds[check->id].name);
	json_add_string(object, "result", result_names[check->result]);
	json_add_string(object, "message", check->message);
	json_add_string(object, "cure", check->cure[0] ? check->cure : NULL);
}

/* The number of a name among `count`; not good when there is none. */
static size_t number_of(
    struct record *record, const char *name, size_t count, const char *(*name_of)(size_t number))
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(name, name_of(i)))
			return i;
	record->good = false;
	return 0;
}

static const char *id_name(size_t number)
{
	return kinds[number].name;
}

static const char *result_name(size_t number)
{
	return result_names[number];
}

bool check_from_json(const cJSON *object, struct check *ret_check, struct error *error)
{
	struct record record = record_begin(object);
	struct check check = { .id = CHECK_CONFIGURATION };
	char name[32];

	record_text(&record, "name", name, sizeof(name));
	check.id = (enum check_id)number_of(&record, name, CHECK_COUNT, id_name);
	record_text(&record, "result", name, sizeof(name));
	check.result =
	    (enum check_result)number_of(&record, name, ARRAY_LENGTH(result_names), result_name);
	record_text(&record, "error", name, sizeof(name));
	check.kind = error_kind_by_name(name);
	record_text(&record, "message", check.message, sizeof(check.message));
	record_text(&record, "cure", check.cure, sizeof(check.cure));
	if (!record.good || !text_equal(error_name(check.kind), name))
		return error_set(error, ERROR_INTERNAL, "the worker's check is malformed");
	*ret_check = check;
	return true;
}
