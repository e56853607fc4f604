#pragma once
/*
 * journal.json: how far a renewal has come, and what is remembered between runs.
 *
 * A phase names a fact that is already true. journal_save is on disk, file and folder, when it
 * returns; an intention that leaves traces elsewhere is saved before it is carried out. Being
 * killed loses nothing that was saved; a power cut may take an advance into KEYED, ISSUED,
 * VERIFIED or ACTIVE back, all of which a next run finds out by itself. One process writes at a
 * time: whoever holds the identity's lock.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum phase {
	PHASE_IDLE,
	PHASE_PLANNED,  /* the new key's id is written down */
	PHASE_KEYED,    /* the pair is in the token, its attributes read back */
	PHASE_ISSUED,   /* the answer is on disk, not trusted */
	PHASE_VERIFIED, /* generation <n> is in the store, checked, not active */
	PHASE_PROVEN,   /* a connection with the new identity was accepted */
	PHASE_ACTIVE,   /* current points to it */
	PHASE_REJECTED, /* the new key is to be destroyed */
	PHASE_COUNT
};

#define JOURNAL_KEY_ID_SIZE 65
#define JOURNAL_LABEL_SIZE 160
#define JOURNAL_TOKEN_SIZE 512
#define JOURNAL_SPENT_TOKENS 64
#define JOURNAL_REQUEST_ID_SIZE 64
#define JOURNAL_URL_SIZE 2048
#define JOURNAL_SIGNER_SIZE 32
#define JOURNAL_SPARE_MESSAGE_SIZE 256

struct journal {
	enum phase phase;
	int64_t entered; /* when this phase was entered */

	/* The renewal under way; empty in IDLE. */
	bool enrolment;      /* asked for by one-time token */
	bool spare;          /* a key made ahead: nothing is under way until it is taken */
	bool existing;       /* its generation was there before: gone back to, or, with `enrolment`,
				adopted. From PROVEN on, and nothing of it is ever thrown away */
	uint32_t generation; /* the number that it will have */
	bool revoke_old, destroy_old; /* what it replaces is to be revoked, its keys destroyed,
					 whatever the settings */
	char key_id[JOURNAL_KEY_ID_SIZE];
	char key_label[JOURNAL_LABEL_SIZE];
	char key_token[JOURNAL_TOKEN_SIZE]; /* RFC 7512, where it is made; "": not known */
	uint32_t key_bits;
	bool generating; /* C_GenerateKeyPair was to be called, and the pair has not been seen
				    whole since: what is nameless may be its leftovers */
	int32_t nameless_before; /* objects without a name seen before it; -1: not looked */
	int64_t keyed;           /* since when the key waits; 0 before */
	int64_t probe_refused;   /* first refusal of the new identity by the probe; 0 none */
	char director_url[JOURNAL_URL_SIZE];
	char connector_url[JOURNAL_URL_SIZE];
	char request_id[JOURNAL_REQUEST_ID_SIZE];

	/* Remembered between runs. */
	uint32_t last_generation;   /* highest number ever planned */
	uint32_t failures;          /* in a row, for the back-off */
	int64_t next_attempt;       /* 0: at once */
	uint32_t rejections;        /* of the active identity, in a row */
	int64_t rejected_since;     /* first of them */
	bool reenroll;              /* only a one-time token helps */
	uint32_t spare_failures;    /* in a row, to make a spare key */
	int64_t spare_next_attempt; /* 0: at once */
	char spare_message[JOURNAL_SPARE_MESSAGE_SIZE];
	uint32_t certificates;      /* that renewals asked for within a day */
	int64_t certificates_since; /* when that day began; 0: none were */
	int64_t last_run;
	int64_t last_success;
	char last_signer[JOURNAL_SIGNER_SIZE]; /* what signed last; "" before */
	int64_t last_error_at;                 /* 0: the last run did not fail */
	enum error_kind last_error;
	char last_message[ERROR_MESSAGE_SIZE];
	uint32_t
	    renewals[ERROR_KIND_COUNT]; /* and enrolments, by how they ended, for the metrics */
	int64_t key_generation_milliseconds; /* of the last key that was made; 0: none */
	int64_t saved; /* the clock at the last save: a clock behind it has gone back */
	char spent_tokens[JOURNAL_SPENT_TOKENS][JOURNAL_KEY_ID_SIZE]; /* SHA-256, oldest first */
};

/* IDLE and nothing known: all zero but nameless_before, which is -1. */
void journal_clear(struct journal *journal);
/* Absent: cleared. Unreadable as JSON or out of range: set aside as
   journal.json.damaged, *ret_damaged true, and a fresh one (numbers go on above the store's). One
   that is older than the store, since its generation is active already, is taken as PROVEN; a spare
   key of a generation that is there has been used. */
MUST_CHECK bool journal_load(
    const struct store *store, struct journal *ret_journal, bool *ret_damaged, struct error *error);
/* For `status`: the same without touching the file. */
MUST_CHECK bool journal_read(
    const struct store *store, struct journal *ret_journal, bool *ret_damaged, struct error *error);
MUST_CHECK bool journal_save(
    const struct store *store, struct journal *journal, int64_t now, struct error *error);
/* Enters the phase and saves; entering IDLE clears the renewal under way. When it fails the
   journal stays in its phase, as it does on disk. */
MUST_CHECK bool journal_advance(const struct store *store, struct journal *journal, enum phase next,
    int64_t now, struct error *error);

/* A renewal is under way; a spare key, made or in the making, is none. */
bool journal_is_renewing(const struct journal *journal);
/* The number of the generation that is being made; 0: none is, nor for one that was there before. */
uint32_t journal_candidate(const struct journal *journal);
/* A spare key is in the token and waits, in KEYED, for the renewal that takes it. */
bool journal_has_spare(const struct journal *journal);
/* None is there, nothing is under way, and the last failure is long enough ago. */
bool journal_lacks_spare(const struct journal *journal, int64_t now);

/* Counts a certificate that a renewal asked for; it does not save. */
void journal_count_certificate(struct journal *journal, int64_t now);
/* When the next one may be asked for, with `most` of them in a day; 0: at once. A day that begins
   after `now` was written by a clock that had jumped, and counts as over. */
int64_t journal_next_certificate(const struct journal *journal, uint32_t most, int64_t now);

/* By SHA-256 of its bytes. Noting drops the oldest when full; it does not save. */
bool journal_token_is_spent(const struct journal *journal, const void *token, size_t length);
void journal_note_spent_token(struct journal *journal, const void *token, size_t length);
/* For a token that was noted and then provably not sent. */
void journal_forget_spent_token(struct journal *journal, const void *token, size_t length);

const char *journal_phase_name(enum phase phase); /* "KEYED" */
