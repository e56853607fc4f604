#pragma once
/*
 * What the supervisor asks of a worker, and what the worker reports: JSON, one object a message,
 * over a SOCK_SEQPACKET pair that the worker inherits as WORKER_CHANNEL.
 *
 *	supervisor: the job, and with it the identity's lock; with `has_token` a second message, the
 *	            one-time token's bytes
 *	worker:     any number of notes (a step begins, a warning, a check), then one outcome; before it
 *	            perhaps one that has `more`, which stands whatever becomes of the worker
 *
 * After an outcome that has `stays`, and then only, another job may follow, for an identity with the
 * same login; the worker has given back the lock of the one before by then. It ends when the
 * supervisor closes its end.
 *
 * Secrets never stand in JSON: the one-time token is a message of its own, the PIN is read by
 * the worker itself.
 */
#include "agent/config/settings.h"
#include "agent/job/check.h"
#include "agent/job/handshake.h"
#include "agent/job/run_id.h"
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct secret;

#define WORKER_CHANNEL 3 /* descriptor numbers in the worker */
#define WORKER_LOCK 4
#define JOB_MESSAGE_MAX (128 * 1024)

enum job_task {
	JOB_RENEW, /* continue what the journal holds, pay debts, renew if `renew` */
	JOB_ENROLL,
	JOB_ADOPT,    /* `certificate` and `key`, perhaps `ca` */
	JOB_ROLLBACK, /* to the newest retained generation */
	JOB_KEYS,     /* list, with `prune` destroy leftovers */
	JOB_REVOKE,   /* the certificate of `generation` */
	JOB_PAY_DEBTS,
	JOB_DRY_RUN,
	JOB_DOCTOR, /* look at every precondition, change nothing */
	JOB_TASK_COUNT
};

struct job {
	enum job_task task;
	char run_id[RUN_ID_SIZE];
	bool renew;                   /* JOB_RENEW: start a renewal when the journal is idle */
	bool retry_pin;               /* passes over the latch, by hand */
	bool prune, unknown;          /* JOB_KEYS */
	bool has_token;               /* JOB_ENROLL: the one-time token follows */
	bool spare;                   /* JOB_RENEW: make the next key ahead where one is wanted */
	bool others;                  /* identities with the same login may follow in this worker */
	bool revoke_old, destroy_old; /* JOB_RENEW, JOB_ENROLL: renewal/wish.h */
	uint32_t generation;
	char *url; /* JOB_ENROLL: the token-secured URL; NULL otherwise */
	/* JOB_ADOPT: absolute paths; the key may be a PKCS#11 URI. NULL otherwise. */
	char *certificate, *key, *ca;
	bool force; /* JOB_ADOPT: also in the place of an active certificate */
	struct identity_settings *settings;
};

enum note_kind { NOTE_STEP, NOTE_WARNING, NOTE_INFO, NOTE_CHECK };

/* A step begins: its deadline runs from the note's arrival. */
struct note {
	enum note_kind kind;
	int64_t deadline; /* seconds; NOTE_STEP */
	char text[512];
	struct check check; /* NOTE_CHECK */
};

struct outcome {
	struct error error; /* ERROR_NONE: all went well */
	bool more;          /* what was asked for is done: the worker goes on with a spare key */
	bool stays;         /* the worker can do another job after this one */
	bool changed;
	bool resumed;        /* a renewal that an earlier run had begun was finished */
	bool latched;        /* a PIN was refused, now or before: no other try but by hand */
	bool alert_expired;  /* the Connector said certificate_expired */
	int64_t server_date; /* of the last Date header; 0 none */
	int64_t retry_after; /* seconds asked for by the Connector; 0 none */
	struct handshake handshake;
	bool spare_made;
	struct error spare_error;            /* why none could be made; ERROR_NONE */
	int64_t key_generation_milliseconds; /* -1: none was made */
	char signer[32];                     /* "" when none was used */
	char key_label[160];
	cJSON *keys; /* JOB_KEYS: the array of the command's JSON; else NULL */
};

void job_clear(struct job *job);
void outcome_clear(struct outcome *outcome);

/* Over the channel. Sending to a peer that is gone is an error, never a signal. lock -1: none, for
   a job that changes nothing; the sender keeps its own. */
MUST_CHECK bool job_send(
    int channel, const struct job *job, const struct secret *token, int lock, struct error *error);
/* ret_job->settings NULL: the supervisor has closed its end. The lock is the caller's, and closes on
   exec. ERROR_BUSY: the supervisor is of another version than we are, or does not say of which. */
MUST_CHECK bool job_receive(int channel, struct job *ret_job, struct secret **ret_token,
    int *ret_lock, struct error *error);
MUST_CHECK bool note_send(int channel, const struct note *note, struct error *error);
MUST_CHECK bool outcome_send(int channel, const struct outcome *outcome, struct error *error);

enum report_kind { REPORT_NOTE, REPORT_OUTCOME, REPORT_END };
/* The next message of the worker; REPORT_END when it closed the channel. Only the struct that
   the kind names is set. */
MUST_CHECK bool report_receive(int channel, enum report_kind *ret_kind, struct note *ret_note,
    struct outcome *ret_outcome, struct error *error);
