#pragma once
/*
 * Where a PIN comes from. It is read once, into locked memory, and one newline (LF or CRLF) at its
 * end is removed: a PIN with a newline is a wrong PIN, and a wrong PIN brings the lock nearer.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct secret;

enum pin_source_kind {
	PIN_NONE,       /* none configured: only for a token that wants no login */
	PIN_FILE,       /* name: path. Regular, at most 4 KiB, owner root or the effective user,
			   nothing for others, not writable by the group */
	PIN_CREDENTIAL, /* name: file in $CREDENTIALS_DIRECTORY (systemd); as PIN_FILE */
	PIN_DESCRIPTOR, /* descriptor: read to its end, left open */
	PIN_COMMAND,    /* name: see pin_command.h; its standard output is the PIN. It forks, and so
			   comes before C_Initialize */
	PIN_PAD,        /* the token's own: nothing is read */
};

struct pin_source {
	enum pin_source_kind kind;
	const char *name; /* borrowed */
	int descriptor;
};

#define PIN_SOURCE_TEXT_SIZE 512

/* For messages: "the PIN file /etc/pin", "the PIN command /usr/bin/pin" (without its arguments);
   "" for PIN_NONE. */
void pin_source_describe(const struct pin_source *source, char text[PIN_SOURCE_TEXT_SIZE]);

/* *ret_pin is NULL for PIN_NONE and PIN_PAD. ERROR_PIN when there is no usable PIN: empty,
   too long, a NUL or a line break in it, the file's mode or owner wrong, the command failed.
   ERROR_CONFIG when the source itself is written wrongly. Every message names the source. Owned. */
MUST_CHECK bool pin_read(
    const struct pin_source *source, struct secret **ret_pin, struct error *error);
