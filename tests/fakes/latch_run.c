#include "tests/fakes/latch_run.h"

#include "tests/fakes/state_folder.h"

#include <string.h>

static void must(bool holds)
{
	if (!holds)
		abort();
}

const struct latch_token latch_fleet = { "SoftHSM", "SoftHSM v2", "0001", "fleet" };

const struct latch_flags latch_shows_nothing;
const struct latch_flags latch_shows_count_low = { .count_low = true };
const struct latch_flags latch_shows_final_try = { .final_try = true };
const struct latch_flags latch_shows_locked = { .locked = true };

struct latch *latch_run_open(void)
{
	struct error error = ERROR_INIT;
	struct latch *latch = NULL;

	must(latch_open(state_folder_path(), &latch_fleet, &latch, &error));
	return latch;
}

bool latch_run_check(struct latch *latch, const struct latch_flags *flags, const char *pin,
    bool by_hand, struct error *error)
{
	return latch_check(latch, flags, pin, pin ? strlen(pin) : 0, by_hand, error);
}

bool latch_run_may_try(const struct latch_flags *flags, const char *pin, bool by_hand)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = latch_run_open();

	if (latch_run_check(latch, flags, pin, by_hand, &error))
		return true;
	must(error.kind == ERROR_PIN && strstr(error.message, "\"fleet\" (serial 0001)"));
	return false;
}

void latch_run(const char *pin, enum latch_outcome outcome)
{
	struct error error = ERROR_INIT;
	scoped(latch) struct latch *latch = latch_run_open();

	must(latch_trying(latch, &error));
	if (outcome == LATCH_ACCEPTED)
		must(latch_accepted(latch, &error));
	if (outcome == LATCH_REFUSED)
		must(latch_refused(latch, pin, pin ? strlen(pin) : 0, &error));
	if (outcome == LATCH_NOT_JUDGED)
		must(latch_not_judged(latch, &error));
}
