#pragma once
/*
 * The settings, as values. Where they came from (a file, a job) is behind; every one of them has
 * its default. Spans are seconds.
 */
#include "base/window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDENTITY_NAME_SIZE 65
#define SETTINGS_LIST_MAX 32

/* The strings of a list; owned with the settings. */
struct setting_list {
	char *items[SETTINGS_LIST_MAX];
	size_t count;
};

/* auto: the first of the others that loads the key. */
enum signer_choice {
	SIGNER_CHOICE_AUTO,
	SIGNER_CHOICE_PROVIDER,
	SIGNER_CHOICE_ENGINE,
	SIGNER_CHOICE_PKCS11PROV,
};

/* How messages are written. */
enum log_format {
	LOG_FORMAT_TEXT,    /* on stderr */
	LOG_FORMAT_JSON,    /* on stderr, one object a line */
	LOG_FORMAT_JOURNAL, /* to journald, with its fields */
};

/* What asks the Connector whether it still accepts an identity that needs nothing. */
enum probe_choice {
	PROBE_NONE,
	PROBE_DAILY,
};

struct identity_settings {
	char name[IDENTITY_NAME_SIZE]; /* [A-Za-z0-9_.-]+, the first a letter or a digit */
	uint64_t lines; /* a hash of what was written, in [agent] too; a job has none */

	/* Of [agent]; the same for all. */
	char *state_directory;
	enum log_format log;
	char *metrics_file; /* NULL: none is written */

	char *connector_url;                 /* https */
	char *enrollment_url;                /* https; NULL: --url or the token's own */
	char *enrollment_token_file;         /* a one-time token may be put there; NULL */
	char *enrollment_token_credential;   /* the same; NULL */
	struct setting_list connector_hosts; /* empty: the host of connector_url */
	char *server_ca_file;                /* NULL: the system store */
	int64_t connect_timeout, request_timeout;
	struct setting_list distrusted_ca; /* SHA-256, lower case hex */
	int64_t distrusted_ca_wait;

	char *module; /* absolute path */
	char *module_init_args;
	char *token;       /* RFC 7512, as text */
	char *token_place; /* "FILE:LINE" where it is set, for messages; NULL: not known */
	/* At most one of the five. */
	char *pin_file, *pin_credential, *pin_command;
	int pin_fd; /* -1: none */
	bool pin_pad;
	enum signer_choice signer;
	struct setting_list worker_env; /* names of variables that the worker keeps */

	uint32_t key_bits;
	uint32_t retain;
	double lifetime_fraction, jitter;
	struct windows window; /* empty: at any time */
	double window_margin;
	int64_t rotation_spread;
	enum probe_choice probe;
	uint32_t max_certificates_per_day; /* 0: what the certificate's life calls for */
	bool revoke_old, spare_key, store_certificate;
	/* Programs with their arguments; NULL: none. */
	char *hook_ca_changed, *hook_renewed, *hook_failed, *hook_reenroll;
	int64_t hook_timeout;
	int64_t key_generation_timeout, step_timeout, lock_wait, rejected_after, clock_skew;
};
