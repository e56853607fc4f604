#pragma once
/*
 * One convention for everything that can fail.
 *
 * A function that can fail returns `MUST_CHECK bool` and takes a `struct error *` as its last
 * argument. Where it happens sets; who was doing something larger prefixes; main prints, once.
 * The kind says what can be done about it: it is the exit status, the class in the JSON and
 * whether trying again makes sense. The message is for people and holds no secret.
 */
#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

enum error_kind {
	ERROR_NONE,
	ERROR_USAGE,        /* the command line is wrong */
	ERROR_CONFIG,       /* the configuration is wrong */
	ERROR_TOKEN,        /* token, module or key missing or failing */
	ERROR_SESSION,      /* the session with the token has ended: another login may do */
	ERROR_CAPACITY,     /* the token is full */
	ERROR_PIN,          /* PIN wrong, locked or latched: do not try again */
	ERROR_PERMISSION,   /* a file or folder may not be read or written */
	ERROR_CONNECTOR,    /* the Connector refused, or answered what cannot be accepted */
	ERROR_VERIFICATION, /* what it returned failed a check of ours */
	ERROR_DISTRUSTED,   /* a certificate came from a CA that is distrusted */
	ERROR_NETWORK,      /* nobody answered, or the answer was cut or is a passing failure */
	ERROR_REJECTED,     /* the identity was refused: passing until it has been seen for long */
	ERROR_UNPROVEN,     /* the new identity was refused: the old one stays, asked again later */
	ERROR_REENROLL,     /* a one-time token is needed */
	ERROR_BUSY,         /* somebody else holds the lock */
	ERROR_CLOCK,        /* the host's clock cannot be right */
	ERROR_DEADLINE,     /* a step took longer than it may */
	ERROR_STATE,        /* the state directory: full disk, I/O error */
	ERROR_DAMAGED,      /* neither the journal nor the active generation can be read */
	ERROR_INTERNAL,     /* a bug, or memory ran out */
	ERROR_KIND_COUNT
};

#define ERROR_MESSAGE_SIZE 1024

struct error {
	enum error_kind kind;
	char message[ERROR_MESSAGE_SIZE]; /* UTF-8, one line, cut at the size */
};

#define ERROR_INIT                                                                                 \
	{                                                                                          \
		ERROR_NONE, ""                                                                     \
	}

/* Both return false, so that reporting is one line. Control characters become '?'. */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Puts "<text>: " before the message that is there; the kind stays. */
bool error_prefix(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* As error_set, followed by ": " and the oldest entry of OpenSSL's error queue, which is emptied.
   Call ERR_clear_error() before the operation: other libraries leave entries behind. */
bool error_set_openssl(struct error *error, enum error_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);

void error_clear(struct error *error);

/* sysexits(3) where one fits; the table is in the manual. */
int error_exit_status(enum error_kind kind);
/* The JSON's error.class: usage, config, token, pin, connector, ... Never NULL. */
const char *error_class(enum error_kind kind);
/* The kind whose error_name() this is; ERROR_INTERNAL when there is none. */
enum error_kind error_kind_by_name(const char *name);
/* A name for every kind, for the journal and the worker's report. Never NULL. */
const char *error_name(enum error_kind kind);
/* Whether the same command may succeed later without anybody mending something. */
bool error_is_temporary(enum error_kind kind);
