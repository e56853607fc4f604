#pragma once
/*
 * The way to the token: PIN, module, latch, one login, the signer. Opened when a step first
 * needs it; left to the worker's next job, or closed at its end. A failure of access_open leaves
 * nothing open and says nothing about any key.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "pkcs11/token.h"

#include <openssl/evp.h>
#include <stdbool.h>

struct access;
struct key_id;
struct module;
struct run;

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

/* For an examination, which looks at each part of access_open (see login.h): takes a token with an
   open session, and its module, also when it fails. */
MUST_CHECK bool access_take(
    struct run *run, struct module *module, struct token *token, struct error *error);

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
