#include "tests/fakes/latch_run.h"

#include "tests/fakes/state_folder.h"

#include <string.h>

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct latch_token latch_run_token(void)
{
	return (
	    struct latch_token){ "SoftHSM", "SoftHSM v2", "0001", "fleet", false, false, false };
}

struct latch *latch_run_open(const struct latch_token *token)
{
	struct error error = ERROR_INIT;
	struct latch *latch = NULL;

	must(latch_open(state_folder_path(), token, &latch, &error));
	return latch;
}

bool latch_run_check(struct latch *latch, const char *pin, bool by_hand, struct error *error)
{
	return latch_check(latch, pin, pin ? strlen(pin) : 0, by_hand, error);
}

bool latch_run_may_try(const struct latch_token *token, const char *pin, bool by_hand)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = latch_run_open(token);

	if (latch_run_check(latch, pin, by_hand, &error))
		return true;
	must(error.kind == ERROR_PIN && strstr(error.message, "\"fleet\" (serial 0001)"));
	return false;
}

void latch_run(const struct latch_token *token, const char *pin, enum latch_outcome outcome)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = latch_run_open(token);

	must(latch_trying(latch, &error));
	if (outcome == LATCH_ACCEPTED)
		must(latch_accepted(latch, &error));
	if (outcome == LATCH_REFUSED)
		must(latch_refused(latch, pin, pin ? strlen(pin) : 0, &error));
	if (outcome == LATCH_NOT_JUDGED)
		must(latch_not_judged(latch, &error));
}
