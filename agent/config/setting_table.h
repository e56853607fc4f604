#pragma once
/*
 * Every setting there is: one row each. The parser, the defaults, the job for the worker and the
 * manual come from it.
 */
#include "agent/config/settings.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum setting_kind {
	SETTING_TEXT,
	SETTING_PATH,         /* absolute */
	SETTING_URL,          /* https */
	SETTING_TOKEN,        /* RFC 7512 without PIN and module */
	SETTING_CREDENTIAL,   /* a file's name without '/' */
	SETTING_COMMAND,      /* begins with an absolute path */
	SETTING_LIST,         /* of words, joined over lines and files */
	SETTING_FINGERPRINTS, /* a list of SHA-256, hexadecimal */
	SETTING_SECONDS,
	SETTING_NUMBER,
	SETTING_KEY_BITS,
	SETTING_FRACTION,
	SETTING_WINDOWS, /* "Mon-Fri 02:00-04:00, Sat 22:00-06:00" */
	SETTING_YES_NO,
	SETTING_DESCRIPTOR,
	SETTING_SIGNER,
	SETTING_LOG_FORMAT,
	SETTING_PROBE,
};

struct setting {
	const char *name;
	enum setting_kind kind;
	bool of_agent; /* stands in [agent] only */
	bool required;
	bool of_pin;   /* at most one of these */
	bool of_login; /* identities with the same ones can share a worker and its login */
	size_t offset; /* in struct identity_settings */
	double least, most;
	const char *standard; /* the default, as it would be written; NULL: none */
	const char *sentence; /* for the manual */
};

#define SETTING_COUNT 45

extern const struct setting setting_table[SETTING_COUNT];

/* NULL when there is none of this name. */
const struct setting *setting_find(const char *name);
/* The one whose name is nearest, for "did you mean"; NULL when none is near. */
const struct setting *setting_nearest(const char *name);
