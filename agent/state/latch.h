#pragma once
/*
 * The latch: a PIN that a token refused is never tried again, whoever asks.
 *
 * It belongs to the token (manufacturer, model, serial, label), under <state_directory>/tokens/,
 * so that all identities on it share it. `trying` is on disk before C_Login and removed after it;
 * found by a later run it counts as a refusal if the token shows that a PIN was wrong (COUNT_LOW,
 * FINAL_TRY, LOCKED); which PIN that was nobody knows, so that every PIN is latched then. Refused
 * PINs are kept as PBKDF2-HMAC-SHA-512 with a random salt, eight at most: when they are full
 * every PIN is latched too, since forgetting one would let it be tried again. Another PIN than
 * the refused ones may be tried. That a PIN may not is ERROR_PIN, and says what to do. The token's
 * lock serialises logins and key generations.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <stdbool.h>
#include <stddef.h>

struct latch;

/* The texts are borrowed until latch_close. */
struct latch_token {
	const char *manufacturer, *model, *serial, *label;
};

/* What the token shows of its PIN. Read it after latch_open: before, another run that holds the
   lock may still have a PIN refused. */
struct latch_flags {
	bool count_low, final_try, locked;
};

/* Makes the folder when needed. Takes the token's lock (waits; the caller has a deadline). */
MUST_CHECK bool latch_open(const char *state_directory, const struct latch_token *token,
    struct latch **ret_latch, struct error *error);
/* Without waiting: ERROR_BUSY when another run holds it. */
MUST_CHECK bool latch_open_now(const char *state_directory, const struct latch_token *token,
    struct latch **ret_latch, struct error *error);
void latch_close(struct latch *latch); /* gives the lock back */

/* May this PIN be tried? pin NULL: the pin pad. `by_hand` (--retry-pin) passes over what was
   remembered and over FINAL_TRY, never over LOCKED. */
MUST_CHECK bool latch_check(struct latch *latch, const struct latch_flags *flags, const void *pin,
    size_t length, bool by_hand, struct error *error);
/* Whether latch_check has just latched, because a run that was trying a PIN was cut. */
bool latch_has_closed(const struct latch *latch);
/* The same answer, and nothing is written. */
MUST_CHECK bool latch_look(struct latch *latch, const struct latch_flags *flags, const void *pin,
    size_t length, struct error *error);
/* Before C_Login: on disk when it returns. */
MUST_CHECK bool latch_trying(struct latch *latch, struct error *error);
/* After C_Login: the PIN was right (forgets what was remembered), was refused (remembers it), or
   was not judged. */
MUST_CHECK bool latch_accepted(struct latch *latch, struct error *error);
MUST_CHECK bool latch_refused(
    struct latch *latch, const void *pin, size_t length, struct error *error);
MUST_CHECK bool latch_not_judged(struct latch *latch, struct error *error);

DEFINE_SCOPED(latch, struct latch *, latch_close)
