#include "agent/identity/notice.h"

#include "agent/identity/identity.h"
#include "agent/job/handshake.h"
#include "tests/unit/test.h"
#include "tests/unit/time_units.h"

#define NOW INT64_C(1800000000)

/* An identity whose 90 days have begun ten days ago, and which is due in 50. */
struct host {
	struct identity_settings settings;
	struct identity identity;
	struct handshake handshake;
};

static int set_up(void **state)
{
	struct host *host = calloc(1, sizeof(*host));

	assert_non_null(host);
	host->settings =
	    (struct identity_settings){ .name = "orders", .rotation_spread = 4 * HOUR };
	host->identity = (struct identity){
		.settings = &host->settings,
		.lock = -1,
		.active = { .number = 3 },
		.not_before = NOW - 10 * DAY,
		.not_after = NOW + 80 * DAY,
		.schedule = { .due = NOW + 50 * DAY, .share = 0.5 },
	};
	journal_clear(&host->identity.journal);
	host->handshake = (struct handshake){
		.generation = 3, .issuer_named = true, .name_count = 1, .server_end = NOW + 90 * DAY
	};
	*state = host;
	return 0;
}

static int tear_down(void **state)
{
	struct host *host = *state;

	gateway_clear(&host->identity.gateway);
	handshake_clear(&host->handshake);
	free(host);
	return 0;
}

static void shake_hands(struct host *host, bool named, int64_t now)
{
	host->handshake.issuer_named = named;
	notice_take(&host->identity.gateway, &host->handshake, now);
}

static int64_t due(const struct host *host)
{
	struct identity identity = host->identity;

	notice_bring_forward(&identity);
	return identity.schedule.due;
}

static void a_handshake_that_did_not_take_place_changes_nothing(void **state)
{
	struct host *host = *state;

	shake_hands(host, false, NOW);
	host->handshake.generation = 0;
	shake_hands(host, true, NOW + HOUR);
	assert_int_equal(host->identity.gateway.seen, NOW);
	assert_int_equal(notice_issuer_missing(&host->identity), NOW);
}

static void an_issuer_that_is_missing_brings_the_renewal_forward_from_when_it_was_first_seen(
    void **state)
{
	struct host *host = *state;

	assert_int_equal(due(host), NOW + 50 * DAY);
	shake_hands(host, true, NOW);
	assert_int_equal(due(host), NOW + 50 * DAY);
	shake_hands(host, false, NOW + DAY);
	assert_int_equal(due(host), NOW + DAY + 2 * HOUR);
	shake_hands(host, false, NOW + 2 * DAY);
	assert_int_equal(due(host), NOW + DAY + 2 * HOUR);
	host->settings.rotation_spread = 0;
	assert_int_equal(due(host), NOW + DAY);
}

static void it_is_never_later_than_it_was(void **state)
{
	struct host *host = *state;

	shake_hands(host, false, NOW);
	host->identity.schedule.due = NOW + HOUR;
	assert_int_equal(due(host), NOW + HOUR);
}

static void a_list_that_has_the_issuer_again_ends_it(void **state)
{
	struct host *host = *state;

	shake_hands(host, false, NOW);
	shake_hands(host, true, NOW + 1);
	assert_int_equal(due(host), NOW + 50 * DAY);
}

static void an_empty_list_changes_nothing_but_for_another_generation(void **state)
{
	struct host *host = *state;

	shake_hands(host, false, NOW);
	host->identity.gateway.in_vain = true;
	host->handshake.name_count = 0;
	shake_hands(host, false, NOW + DAY);
	assert_int_equal(notice_issuer_missing(&host->identity), NOW);
	assert_true(host->identity.gateway.in_vain);
	assert_int_equal(host->identity.gateway.seen, NOW + DAY);
	host->handshake.generation = 4;
	host->identity.active.number = 4;
	shake_hands(host, false, NOW + DAY);
	assert_int_equal(notice_issuer_missing(&host->identity), 0);
}

static void another_generation_begins_anew(void **state)
{
	struct host *host = *state;

	shake_hands(host, false, NOW);
	host->identity.active.number = 4;
	assert_int_equal(notice_issuer_missing(&host->identity), 0);
	assert_int_equal(due(host), NOW + 50 * DAY);
	host->identity.active.number = 0;
	assert_int_equal(notice_issuer_missing(&host->identity), 0);
}

/* It would renew every four hours otherwise, for a gateway that sends the wrong names. */
static void a_renewal_that_brought_the_same_ca_is_good_for_a_tenth_of_the_lifetime(void **state)
{
	struct host *host = *state;

	shake_hands(host, false, NOW);
	host->identity.active.number = host->handshake.generation = 4;
	host->identity.not_before = NOW + HOUR;
	host->identity.not_after = NOW + HOUR + 90 * DAY;
	host->handshake.same_issuer = true;
	shake_hands(host, false, NOW + HOUR);
	assert_int_equal(due(host), NOW + HOUR + 9 * DAY);
	/* It stays so from handshake to handshake. */
	shake_hands(host, false, NOW + 2 * HOUR);
	assert_int_equal(due(host), NOW + HOUR + 9 * DAY);
	/* One that brought another CA may try at once. */
	host->identity.active.number = host->handshake.generation = 5;
	host->handshake.same_issuer = false;
	shake_hands(host, false, NOW + 3 * HOUR);
	assert_int_equal(due(host), NOW + 3 * HOUR + 2 * HOUR);
}

static void a_moment_of_a_clock_that_was_ahead_is_taken_back(void **state)
{
	struct host *host = *state;

	shake_hands(host, false, NOW + 300 * DAY);
	shake_hands(host, false, NOW);
	assert_int_equal(notice_issuer_missing(&host->identity), NOW);
	host->identity.gateway.probed = NOW + 300 * DAY;
	shake_hands(host, true, NOW);
	assert_int_equal(host->identity.gateway.probed, NOW);
}

static void what_a_refused_handshake_did_not_tell_stays_known(void **state)
{
	struct host *host = *state;
	const struct gateway *gateway = &host->identity.gateway;

	host->handshake.has_date = true;
	host->handshake.clock_ahead = -7;
	shake_hands(host, true, NOW);
	host->handshake.has_date = false;
	host->handshake.clock_ahead = 0;
	host->handshake.server_end = 0;
	shake_hands(host, true, NOW + 1);
	assert_true(gateway->has_date);
	assert_int_equal(gateway->clock_ahead, -7);
	assert_int_equal(gateway->server_end, NOW + 90 * DAY);
}

static void without_the_setting_nobody_probes(void **state)
{
	struct host *host = *state;

	assert_int_equal(notice_next_probe(&host->identity, NOW), 0);
}

static void it_is_probed_once_a_day_at_its_moment(void **state)
{
	struct host *host = *state;
	struct gateway *gateway = &host->identity.gateway;
	const int64_t noon = NOW - NOW % DAY + DAY / 2;

	host->settings.probe = PROBE_DAILY;
	gateway->probed = noon;
	assert_int_equal(notice_next_probe(&host->identity, noon), noon + DAY);
	gateway->probed = noon + 6 * HOUR;
	assert_int_equal(notice_next_probe(&host->identity, noon + 6 * HOUR), noon + DAY);
	gateway->probed = noon + 13 * HOUR;
	assert_int_equal(notice_next_probe(&host->identity, noon + 13 * HOUR), noon + 2 * DAY);
	/* Any handshake serves as one. */
	gateway->probed = noon;
	gateway->seen = noon + 13 * HOUR;
	assert_int_equal(notice_next_probe(&host->identity, noon + 13 * HOUR), noon + 2 * DAY);
	gateway->seen = noon + 300 * DAY;
	assert_int_equal(notice_next_probe(&host->identity, noon), noon + DAY);
}

static void a_refused_one_is_made_again_in_its_back_off(void **state)
{
	struct host *host = *state;
	struct gateway *gateway = &host->identity.gateway;

	host->settings.probe = PROBE_DAILY;
	gateway->probed = NOW;
	gateway->probe_again = NOW + 2 * MINUTE;
	assert_int_equal(notice_next_probe(&host->identity, NOW), NOW + 2 * MINUTE);
	gateway->probe_again = NOW + 300 * DAY; /* of a clock that was ahead */
	assert_true(notice_next_probe(&host->identity, NOW) <= NOW + 2 * DAY);
}

static void who_needs_a_token_or_has_nothing_is_not_probed(void **state)
{
	struct host *host = *state;

	host->settings.probe = PROBE_DAILY;
	assert_true(notice_next_probe(&host->identity, NOW) != 0);
	host->identity.journal.reenroll = true;
	assert_int_equal(notice_next_probe(&host->identity, NOW), 0);
	host->identity.journal.reenroll = false;
	host->identity.active.revoked = true;
	assert_int_equal(notice_next_probe(&host->identity, NOW), 0);
	host->identity.active = (struct generation){ .number = 0 };
	assert_int_equal(notice_next_probe(&host->identity, NOW), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_handshake_that_did_not_take_place_changes_nothing),
		TEST(
		    an_issuer_that_is_missing_brings_the_renewal_forward_from_when_it_was_first_seen),
		TEST(it_is_never_later_than_it_was),
		TEST(a_list_that_has_the_issuer_again_ends_it),
		TEST(an_empty_list_changes_nothing_but_for_another_generation),
		TEST(another_generation_begins_anew),
		TEST(a_renewal_that_brought_the_same_ca_is_good_for_a_tenth_of_the_lifetime),
		TEST(a_moment_of_a_clock_that_was_ahead_is_taken_back),
		TEST(what_a_refused_handshake_did_not_tell_stays_known),
		TEST(without_the_setting_nobody_probes),
		TEST(it_is_probed_once_a_day_at_its_moment),
		TEST(a_refused_one_is_made_again_in_its_back_off),
		TEST(who_needs_a_token_or_has_nothing_is_not_probed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
