#include "pkcs11/pin.h"

#include "base/command_line.h"
#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/pin_command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* A problem with reading it is a PIN that is not usable, whatever its errno. */
static bool read_all(struct secret *pin, int descriptor, const char *what, struct error *error)
{
	if (secret_read(pin, descriptor, what, error))
		return true;
	if (error)
		error->kind = ERROR_PIN;
	return false;
}

static bool check_file(const struct stat *status, const char *what, struct error *error)
{
	if (!S_ISREG(status->st_mode))
		return error_set(error, ERROR_PIN, "%s is not a regular file", what);
	if (status->st_size > SECRET_SIZE_MAX)
		return error_set(
		    error, ERROR_PIN, "%s is longer than %d bytes", what, SECRET_SIZE_MAX);
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return error_set(error, ERROR_PIN,
		    "%s belongs to the user %u: chown it to root or to the user %u", what,
		    status->st_uid, geteuid());
	if (status->st_mode & (S_IRWXO | S_IWGRP))
		return error_set(error, ERROR_PIN,
		    "%s has the mode %04o, which lets others read or change the PIN: chmod it to "
		    "0600 or 0640 (a Kubernetes secret: defaultMode: 0400)",
		    what, status->st_mode & 07777);
	return true;
}

/* A symlink is followed: Kubernetes mounts secrets that way. What counts is the file that was
   opened. O_NONBLOCK: a FIFO in its place must not hold us up. */
static bool read_file(const char *path, const char *what, struct secret *pin, struct error *error)
{
	scoped(fd) int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (file < 0 || fstat(file, &status) != 0)
		return error_set(error, ERROR_PIN, "cannot open %s: %s", what, strerror(errno));
	return check_file(&status, what, error) && read_all(pin, file, what, error);
}

static bool read_credential(
    const char *name, const char *what, struct secret *pin, struct error *error)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];

	if (name[0] == '\0' || strchr(name, '/') || text_equal(name, ".") || text_equal(name, ".."))
		return error_set(error, ERROR_CONFIG,
		    "\"%s\" is not the name of a credential: it is a file's name without folder",
		    name);
	if (!folder || folder[0] != '/')
		return error_set(error, ERROR_PIN,
		    "there is no PIN credential %s: $CREDENTIALS_DIRECTORY is not set (it is in a "
		    "systemd unit with LoadCredential=%s:...)",
		    name, name);
	if (!text_format(path, sizeof(path), "%s/%s", folder, name))
		return error_set(
		    error, ERROR_PIN, "the path of the PIN credential %s is too long", name);
	return read_file(path, what, pin, error);
}

static bool read_command(const char *text, struct secret *pin, struct error *error)
{
	scoped(command_line) struct command_line command = { .count = 0 };

	if (!command_line_parse(text, &command, error))
		return error_prefix(error, "the PIN command");
	return pin_command_run(&command, pin, error);
}

static bool read_source(
    const struct pin_source *source, const char *what, struct secret *pin, struct error *error)
{
	switch (source->kind) {
	case PIN_FILE:
		return read_file(source->name, what, pin, error);
	case PIN_CREDENTIAL:
		return read_credential(source->name, what, pin, error);
	case PIN_DESCRIPTOR:
		return read_all(pin, source->descriptor, what, error);
	case PIN_COMMAND:
		return read_command(source->name, pin, error);
	case PIN_NONE:
	case PIN_PAD:
		break;
	}
	return error_set(error, ERROR_INTERNAL, "a PIN source of the kind %d", (int)source->kind);
}

/* The arguments of a command may be nobody's business. */
static void describe_command(const char *command, char text[PIN_SOURCE_TEXT_SIZE])
{
	const char *program = command + strspn(command, " \t");
	bool quoted = program[0] == '"';

	program += quoted;
	text_format(text, PIN_SOURCE_TEXT_SIZE, "the PIN command %.*s",
	    (int)strcspn(program, quoted ? "\"" : " \t"), program);
}

void pin_source_describe(const struct pin_source *source, char text[PIN_SOURCE_TEXT_SIZE])
{
	text[0] = '\0';
	switch (source->kind) {
	case PIN_FILE:
		text_format(text, PIN_SOURCE_TEXT_SIZE, "the PIN file %s", source->name);
		break;
	case PIN_CREDENTIAL:
		text_format(text, PIN_SOURCE_TEXT_SIZE, "the PIN credential %s", source->name);
		break;
	case PIN_DESCRIPTOR:
		text_format(
		    text, PIN_SOURCE_TEXT_SIZE, "the PIN's file descriptor %d", source->descriptor);
		break;
	case PIN_COMMAND:
		describe_command(source->name, text);
		break;
	case PIN_PAD:
		text_format(text, PIN_SOURCE_TEXT_SIZE, "the PIN pad");
		break;
	case PIN_NONE:
		break;
	}
}

/* A byte that no PIN has would cost one of the few tries. */
static bool check_pin(const struct secret *pin, struct error *error)
{
	const char *bytes = secret_bytes(pin);
	size_t length = secret_length(pin);

	if (length == 0)
		return error_set(error, ERROR_PIN, "the PIN is empty");
	if (memchr(bytes, '\0', length))
		return error_set(error, ERROR_PIN, "the PIN has a NUL byte in it");
	if (memchr(bytes, '\n', length) || memchr(bytes, '\r', length))
		return error_set(error, ERROR_PIN,
		    "the PIN has a line break in it: only one at its end is removed");
	return true;
}

bool pin_read(const struct pin_source *source, struct secret **ret_pin, struct error *error)
{
	scoped(secret) struct secret *pin = NULL;
	char what[PIN_SOURCE_TEXT_SIZE];

	if (source->kind == PIN_NONE || source->kind == PIN_PAD) {
		*ret_pin = NULL;
		return true;
	}
	pin_source_describe(source, what);
	if (!secret_new(&pin, error) || !read_source(source, what, pin, error))
		return false;
	secret_trim_newline(pin);
	if (!check_pin(pin, error))
		return error_prefix(error, "%s", what);

	*ret_pin = take(pin);
	return true;
}
