#include "base/error.h"

#include "base/utf8.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* Not in sysexits(3): a person or the fleet management has to supply a one-time token. */
#define EXIT_REENROLL 20

static const struct {
	const char *name;
	const char *class;
	int exit_status;
} kinds[] = {
	[ERROR_NONE] = { "none", "none", EX_OK },
	[ERROR_USAGE] = { "usage", "usage", EX_USAGE },
	[ERROR_CONFIG] = { "config", "config", EX_CONFIG },
	[ERROR_TOKEN] = { "token", "token", EX_UNAVAILABLE },
	[ERROR_SESSION] = { "session", "token", EX_UNAVAILABLE },
	[ERROR_CAPACITY] = { "capacity", "token", EX_UNAVAILABLE },
	[ERROR_PIN] = { "pin", "pin", EX_NOPERM },
	[ERROR_PERMISSION] = { "permission", "state", EX_NOPERM },
	[ERROR_CONNECTOR] = { "connector", "connector", EX_PROTOCOL },
	[ERROR_VERIFICATION] = { "verification", "verification", EX_PROTOCOL },
	[ERROR_DISTRUSTED] = { "distrusted", "verification", EX_PROTOCOL },
	[ERROR_NETWORK] = { "network", "network", EX_TEMPFAIL },
	[ERROR_REJECTED] = { "rejected", "connector", EX_TEMPFAIL },
	[ERROR_UNPROVEN] = { "unproven", "connector", EX_TEMPFAIL },
	[ERROR_REENROLL] = { "reenroll", "connector", EXIT_REENROLL },
	[ERROR_BUSY] = { "busy", "busy", EX_TEMPFAIL },
	[ERROR_CLOCK] = { "clock", "clock", EX_TEMPFAIL },
	[ERROR_DEADLINE] = { "deadline", "deadline", EX_TEMPFAIL },
	[ERROR_STATE] = { "state", "state", EX_TEMPFAIL },
	[ERROR_DAMAGED] = { "damaged", "state", EX_SOFTWARE },
	[ERROR_INTERNAL] = { "internal", "internal", EX_SOFTWARE },
};

_Static_assert(ARRAY_LENGTH(kinds) == ERROR_KIND_COUNT, "every kind has its row");

/* Longer than a message by what a character cut off at its end may have lost. */
struct draft {
	char text[ERROR_MESSAGE_SIZE + 4];
};

static bool is_control(const char *character, size_t length)
{
	unsigned char first = (unsigned char)character[0];

	if (length == 1)
		return first < 0x20 || first == 0x7f;
	return first == 0xc2 && (unsigned char)character[1] < 0xa0;
}

/* A draft lets messages be made from the message that they replace. */
static void keep(struct error *error, const struct draft *draft)
{
	size_t length = strnlen(draft->text, sizeof(draft->text));
	size_t at = 0;

	while (at < length) {
		size_t step = utf8_length(draft->text + at, length - at);
		bool printable = step > 0 && !is_control(draft->text + at, step);

		if (step == 0)
			step = 1;
		if (at + step >= sizeof(error->message))
			break;
		if (printable)
			memcpy(error->message + at, draft->text + at, step);
		else
			memset(error->message + at, '?', step);
		at += step;
	}
	error->message[at] = '\0';
}

static void append(struct draft *draft, const char *text)
{
	size_t length = strlen(draft->text);
	size_t room = sizeof(draft->text) - 1 - length;
	size_t more = strnlen(text, room);

	memcpy(draft->text + length, text, more);
	draft->text[length + more] = '\0';
}

static void compose(struct draft *draft, const char *format, va_list arguments)
{
	if (vsnprintf(draft->text, sizeof(draft->text), format, arguments) < 0)
		draft->text[0] = '\0';
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
	struct draft draft = { "" };
	va_list arguments;

	if (!error)
		return false;
	va_start(arguments, format);
	compose(&draft, format, arguments);
	va_end(arguments);
	error->kind = kind;
	keep(error, &draft);
	return false;
}

bool error_prefix(struct error *error, const char *format, ...)
{
	struct draft draft = { "" };
	va_list arguments;

	if (!error)
		return false;
	va_start(arguments, format);
	compose(&draft, format, arguments);
	va_end(arguments);
	append(&draft, ": ");
	append(&draft, error->message);
	keep(error, &draft);
	return false;
}

static void append_openssl_reason(struct draft *draft)
{
	const char *data = NULL;
	int flags = 0;
	unsigned long code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
	const char *reason = ERR_reason_error_string(code);
	char number[64];

	if (code == 0)
		return;
	if (ERR_SYSTEM_ERROR(code))
		reason = strerror(ERR_GET_REASON(code));
	if (!reason) {
		ERR_error_string_n(code, number, sizeof(number));
		reason = number;
	}
	append(draft, ": ");
	append(draft, reason);
	if (!(flags & ERR_TXT_STRING) || data[0] == '\0')
		return;
	append(draft, " (");
	append(draft, data);
	append(draft, ")");
}

bool error_set_openssl(struct error *error, enum error_kind kind, const char *format, ...)
{
	struct draft draft = { "" };
	va_list arguments;

	va_start(arguments, format);
	compose(&draft, format, arguments);
	va_end(arguments);
	append_openssl_reason(&draft);
	ERR_clear_error();
	if (!error)
		return false;
	error->kind = kind;
	keep(error, &draft);
	return false;
}

void error_clear(struct error *error)
{
	if (!error)
		return;
	error->kind = ERROR_NONE;
	error->message[0] = '\0';
}

/* A number that is no kind can only be a bug. */
static enum error_kind known(enum error_kind kind)
{
	return (unsigned)kind < ERROR_KIND_COUNT ? kind : ERROR_INTERNAL;
}

int error_exit_status(enum error_kind kind)
{
	return kinds[known(kind)].exit_status;
}

const char *error_class(enum error_kind kind)
{
	return kinds[known(kind)].class;
}

const char *error_name(enum error_kind kind)
{
	return kinds[known(kind)].name;
}

enum error_kind error_kind_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
		if (name && strcmp(kinds[i].name, name) == 0)
			return (enum error_kind)i;
	return ERROR_INTERNAL;
}

bool error_is_temporary(enum error_kind kind)
{
	return error_exit_status(kind) == EX_TEMPFAIL;
}
