#pragma once
/*
 * The way to the token: PIN, module, latch, one login, the signer. Opened when a step first
 * needs it; left to the worker's next job, or closed at its end. A failure of access_open leaves
 * nothing open and says nothing about any key.
 */
#include "base/compiler.h"
#include "base/error.h"

#include "pkcs11/pin.h"
#include "pkcs11/token.h"

#include <openssl/evp.h>
#include <stdbool.h>

struct key_id;
struct run;

struct access;

/* Already open is fine. ERROR_SESSION when what the job before has left will not do: its session has
   ended, or a key of this identity wants the PIN, which is gone. Another worker has to begin anew. */
MUST_CHECK bool access_open(struct run *run, struct error *error);
void access_close(struct access *access); /* NULL is fine */

/* From one job of a worker to its next one, which has the same settings of module, token, PIN and
   signer. NULL is fine: nothing was opened yet. */
void access_inherit(struct run *run, struct access *access);
/* After the run, when no key of it lives any more: what is open is the caller's. *ret_good says
   whether it, and the module, will do for another job. */
struct access *access_leave(struct run *run, bool *ret_good);

/* After a failure: makes ERROR_SESSION of an ERROR_TOKEN whose reason is that the session has ended.
   What is open cannot be mended then: a signer keeps its session and cannot be opened twice in a
   process. Another worker has to begin anew. */
bool access_has_ended(const struct run *run, struct error *error);
/* The same at the end of a run, when it may also be the signer's own session, which nobody else can
   look at: it has given no signature, or not found a key that our session sees, and had found one
   before. Whether that was the reason is what another login tells, if the PIN can be had again. */
bool access_needs_login(const struct run *run, struct error *error);
/*
 * access_open in its parts, for an examination that looks at each of them.
 */
struct identity_settings;
struct module;
struct secret;
struct pin_source access_pin_source(const struct identity_settings *settings);
/* Takes a token with an open session, and its module, also when it fails. */
MUST_CHECK bool access_take(
    struct run *run, struct module *module, struct token *token, struct error *error);
/* Whether the latch lets this PIN be tried: without waiting for another run (ERROR_BUSY), and
   without writing. */
MUST_CHECK bool access_look_at_latch(
    struct run *run, const struct secret *pin, struct error *error);
/* For a token that wants no login: takes the PIN from *pin, leaving NULL there, when a key of ours
   wants it for each signature. */
MUST_CHECK bool access_keep_pin(struct run *run, struct secret **pin, struct error *error);
/* One C_Login under the latch, again without waiting. Takes the PIN from *pin, leaving NULL there,
   when a key of ours wants it for each signature. *ret_login is set in any case. */
MUST_CHECK bool access_log_in(
    struct run *run, struct secret **pin, enum token_login *ret_login, struct error *error);

/* What to do when a key wants the PIN, and it is gone: the end of a message, "" where another worker
   reads it again by itself. */
const char *access_pin_cure(const struct run *run);

struct token *access_token(const struct run *run); /* borrowed; access_open came before */
/* By the signer, which is opened at the first call. Owned; free it before the run is closed. */
MUST_CHECK bool access_load_key(
    struct run *run, const struct key_id *id, EVP_PKEY **ret_key, struct error *error);
/* Whether the key that was loaded last makes RSA-PSS signatures. */
bool access_makes_pss(const struct run *run);
/* After a failure: true when its cause was a signature that was wrong or not made, the session
   lives, and another signer takes over, so that the same may be tried again; the error has then
   become a warning, else it names the signer. No key of the one that failed lives any more. */
MUST_CHECK bool access_take_over(struct run *run, struct error *error);
/* Runs `work` while this run alone may generate on the token. */
MUST_CHECK bool access_alone(
    struct run *run, bool (*work)(struct run *run, struct error *error), struct error *error);
