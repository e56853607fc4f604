#pragma once
/*
 * One run of the worker for one identity: what it was asked for, what it has open, what it found.
 *
 * It neither logs nor prints: steps, warnings and progress go out as notes to the supervisor.
 */
#include "agent/job/job.h"
#include "agent/state/journal.h"
#include "agent/state/store.h"
#include "agent/x509/distrust.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct access;
struct key_id;
struct secret;

struct run {
	const struct job *job;                    /* borrowed */
	const struct identity_settings *settings; /* of the job */
	const struct secret *one_time_token;      /* borrowed; NULL without */
	int channel;                              /* to the supervisor */
	struct store *store;
	struct journal journal;
	struct generation active; /* number 0: none */
	struct access *access;    /* the token; NULL until it is needed, but for access_inherit */
	struct error
	    *refused; /* of the worker: why it tries no PIN any more; NULL in an examination */
	bool signature_failed; /* the last one by a key of the token: there is none, or a wrong one
				  as we or the server saw */
	bool signer_failed; /* the last thing asked of one that had served: it gave none at all */
	bool
	    resumed; /* the journal was not idle when this run began, and no key was planned since */
	struct outcome outcome;
};

/* Opens the store, loads the journal and the active generation. */
MUST_CHECK bool run_open(const struct job *job, const struct secret *one_time_token, int channel,
    struct run *ret_run, struct error *error);
/* The access is closed before: access_close. */
void run_close(struct run *run);

/* Loads the active generation again, after an activation. */
MUST_CHECK bool run_load_active(struct run *run, struct error *error);

/* By `distrusted_ca`; borrows from the settings. */
struct distrust run_distrust(const struct run *run);
/* ERROR_DISTRUSTED, naming the CA, when the generation is under one of those. */
MUST_CHECK bool run_check_trusted(
    const struct run *run, const struct generation *generation, struct error *error);

/* A supervisor that is gone is noticed at the outcome; notes are not waited for. */
void run_note_step(const struct run *run, int64_t deadline, const char *format, ...)
    PRINTF_LIKE(3, 4);
void run_warn(const struct run *run, const char *format, ...) PRINTF_LIKE(2, 3);

/* "renewal-agent/<tag>/<identity>/": what the labels of our keys begin with. */
void run_label_prefix(const struct run *run, char prefix[JOURNAL_LABEL_SIZE]);

/* Of the renewal that the journal is about; ERROR_DAMAGED when it names none. */
MUST_CHECK bool run_key_id(const struct run *run, struct key_id *ret_id, struct error *error);
