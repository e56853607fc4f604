#pragma once
/*
 * The PIN: where it comes from, the one C_Login that it is used for under the latch, and whether it
 * has to be kept for keys that want it again for each signature (CKA_ALWAYS_AUTHENTICATE).
 */
#include "base/compiler.h"
#include "base/error.h"
#include "pkcs11/pin.h"
#include "pkcs11/token.h"

#include <stdbool.h>

struct identity_settings;
struct latch;
struct run;
struct secret;

struct pin_source login_pin_source(const struct identity_settings *settings);
/* What to do when a key wants the PIN, and it is gone: the end of a message, "" where another worker
   reads it again by itself. */
const char *login_pin_cure(const struct run *run);
/* The latch of the token, locked: other runs wait, this one may wait. Owned. */
MUST_CHECK bool login_open_latch(
    struct run *run, const struct token *token, struct latch **ret_latch, struct error *error);
/* Whether the latch lets this PIN be tried: without waiting for another run (ERROR_BUSY), and
   without writing. */
MUST_CHECK bool login_look_at_latch(
    struct run *run, struct token *token, const struct secret *pin, struct error *error);
/* One C_Login under the latch. ERROR_PIN names where the PIN comes from. *ret_login is set in any
   case. */
MUST_CHECK bool login_run(struct run *run, struct token *token, const struct secret *pin,
    enum token_login *ret_login, struct error *error);
/* Whether a key that this run may use wants the PIN for each signature. */
MUST_CHECK bool login_wants_pin_kept(
    const struct run *run, const struct token *token, bool *ret_wanted, struct error *error);
/* Takes the PIN from *pin, leaving NULL there, when that is so; else it goes with its owner. */
MUST_CHECK bool login_keep_pin(
    struct run *run, struct token *token, struct secret **pin, struct error *error);
