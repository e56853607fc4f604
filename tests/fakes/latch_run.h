#pragma once
/*
 * What one run after another does with the latch of a token, in the folder of state_folder_make.
 */
#include "agent/state/latch.h"

#include <stdbool.h>

enum latch_outcome {
	LATCH_ACCEPTED,
	LATCH_REFUSED,
	LATCH_NOT_JUDGED,
	LATCH_CUT /* the run ended while it was trying */
};

/* Label "fleet", serial "0001". */
extern const struct latch_token latch_fleet;

extern const struct latch_flags latch_shows_nothing;
extern const struct latch_flags latch_shows_count_low;
extern const struct latch_flags latch_shows_final_try;
extern const struct latch_flags latch_shows_locked;

/* Of latch_fleet, for which the rest is. Owned by the caller. */
struct latch *latch_run_open(void);
/* As latch_check; pin NULL is the pin pad. */
bool latch_run_check(struct latch *latch, const struct latch_flags *flags, const char *pin,
    bool by_hand, struct error *error);

/* Whether a new run would try this PIN. A refusal must be ERROR_PIN and name the token. */
bool latch_run_may_try(const struct latch_flags *flags, const char *pin, bool by_hand);
/* A new run tries this PIN. */
void latch_run(const char *pin, enum latch_outcome outcome);
