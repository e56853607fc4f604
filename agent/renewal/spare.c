#include "agent/renewal/spare.h"

#include "agent/renewal/access.h"
#include "agent/renewal/renewal.h"
#include "agent/renewal/run.h"
#include "base/clock.h"

static bool is_wanted(const struct run *run)
{
	return run->settings->spare_key && run->active.number != 0 && !run->active.revoked
	       && !run->journal.reenroll && journal_lacks_spare(&run->journal, clock_now());
}

void spare_make(struct run *run)
{
	struct outcome *outcome = &run->outcome;
	const int64_t before = outcome->key_generation_milliseconds;
	struct error unsent = ERROR_INIT;
	bool sent;

	if (!is_wanted(run))
		return;
	outcome->more = true;
	sent = outcome_send(run->channel, outcome, &unsent);
	outcome->more = false;
	if (!sent)
		return;
	outcome->key_generation_milliseconds = -1;
	outcome->spare_made = access_open(run, &outcome->spare_error)
			      && renewal_make_spare(run, &outcome->spare_error);
	/* Of this run, whatever for. */
	if (outcome->key_generation_milliseconds < 0)
		outcome->key_generation_milliseconds = before;
	else if (before >= 0)
		outcome->key_generation_milliseconds += before;
}
