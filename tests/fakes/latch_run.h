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

/* Label "fleet", serial "0001"; it shows no flags. */
struct latch_token latch_run_token(void);

/* Owned by the caller. */
struct latch *latch_run_open(const struct latch_token *token);
bool latch_run_check(struct latch *latch, const char *pin, bool by_hand, struct error *error);

/* Whether a new run would try this PIN; NULL is the pin pad. A refusal must be ERROR_PIN and name
   the token. */
bool latch_run_may_try(const struct latch_token *token, const char *pin, bool by_hand);
/* A new run tries this PIN. */
void latch_run(const struct latch_token *token, const char *pin, enum latch_outcome outcome);
