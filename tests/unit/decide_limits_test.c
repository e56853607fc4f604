#include "tests/unit/decision_scene.h"

#include "base/zone.h"

/* NOW is a Friday, 08:00. */
static int64_t no_offset(const struct zone *zone, int64_t moment)
{
	(void)zone;
	(void)moment;
	return 0;
}

static void set_window(struct host *host, const char *text)
{
	static const struct zone utc = { no_offset };
	struct error error = ERROR_INIT;

	assert_ok(windows_parse(text, &host->settings.window, &error), &error);
	host->identity.zone = &utc;
	host->identity.schedule.latest = NOW + 4 * HOUR;
	host->wish.now = host->identity.schedule.due;
}

static void what_is_due_waits_for_its_window(void **state)
{
	struct host *host = *state;

	set_window(host, "Fri 10:00-11:00");
	assert_int_equal(decide_next_renewal(&host->identity, NOW), NOW + 2 * HOUR);
	host->wish.now = NOW;
	assert_decides_nothing(host, REASON_NOT_DUE);
	host->wish.now = NOW + 2 * HOUR - 1;
	assert_decides_nothing(host, REASON_WINDOW);
	host->wish.now++;
	assert_decides_work(host, true);
	/* It was missed, and the next one is a week away: the margin. */
	host->wish.now = NOW + 3 * HOUR;
	assert_decides_nothing(host, REASON_WINDOW);
	host->wish.now = NOW + 4 * HOUR;
	assert_decides_work(host, true);
}

static void force_passes_over_a_window(void **state)
{
	struct host *host = *state;

	set_window(host, "Sat 10:00-11:00");
	host->wish.force = true;
	assert_decides_work(host, true);
}

static void what_is_under_way_or_owed_waits_for_no_window(void **state)
{
	struct host *host = *state;
	struct error error = ERROR_INIT;

	set_window(host, "Sat 10:00-11:00");
	host->identity.journal.phase = PHASE_KEYED;
	assert_decides_work(host, false);
	host->identity.journal.phase = PHASE_IDLE;
	assert_decides_nothing(host, REASON_WINDOW);
	assert_ok(
	    debts_add(&host->identity.debts, DEBT_REVOKE, 2, NULL, NULL, NOW, &error), &error);
	assert_decides_work(host, false);
}

static void no_more_certificates_are_asked_for_than_the_ceiling_allows(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;

	host->settings.max_certificates_per_day = 2;
	host->wish.now = host->identity.schedule.due;
	journal->certificates = 1;
	journal->certificates_since = NOW;
	assert_decides_work(host, true);
	journal->certificates = 2;
	assert_decides_error(host, ERROR_BUSY, REASON_BACKOFF);
	assert_int_equal(decide_next_attempt(&host->identity, NOW), NOW + 24 * HOUR);
	host->wish.force = true;
	assert_decides_error(host, ERROR_BUSY, REASON_BACKOFF);
	journal->phase = PHASE_KEYED;
	assert_decides_error(host, ERROR_BUSY, REASON_BACKOFF);
	/* It has its answer already. */
	journal->phase = PHASE_ISSUED;
	assert_decides_work(host, true);
	journal->phase = PHASE_IDLE;
	host->wish.now = NOW + 24 * HOUR;
	assert_decides_work(host, true);
}

static void a_ceiling_that_is_reached_holds_up_nothing_else(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;
	struct error error = ERROR_INIT;

	host->settings.max_certificates_per_day = 1;
	journal->certificates = 1;
	journal->certificates_since = NOW;
	assert_decides_nothing(host, REASON_NOT_DUE);
	assert_ok(
	    debts_add(&host->identity.debts, DEBT_REVOKE, 2, NULL, NULL, NOW, &error), &error);
	assert_decides_work(host, false);
}

static void a_ceiling_of_a_clock_that_was_ahead_does_not_last(void **state)
{
	struct host *host = *state;

	host->settings.max_certificates_per_day = 1;
	host->wish.now = host->identity.schedule.due;
	host->identity.journal.certificates = 1;
	host->identity.journal.certificates_since = host->wish.now + 1;
	assert_decides_work(host, true);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ON_A_HOST(what_is_due_waits_for_its_window),
		ON_A_HOST(force_passes_over_a_window),
		ON_A_HOST(what_is_under_way_or_owed_waits_for_no_window),
		ON_A_HOST(no_more_certificates_are_asked_for_than_the_ceiling_allows),
		ON_A_HOST(a_ceiling_that_is_reached_holds_up_nothing_else),
		ON_A_HOST(a_ceiling_of_a_clock_that_was_ahead_does_not_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
