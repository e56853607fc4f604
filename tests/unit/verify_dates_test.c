#include "tests/unit/verify_scene.h"

/*
 * When it begins and ends, and by whose clock.
 */

static void a_connectors_clock_that_is_ahead_is_tolerated_within_the_skew(void **state)
{
	scoped(verify_scene) struct verify_scene within = verify_scene_begin();
	scoped(verify_scene) struct verify_scene beyond = verify_scene_begin();

	(void)state;
	within.leaf.not_before = AUTHORITY_NOW + 5 * MINUTE;
	within.ca.not_before = AUTHORITY_NOW + 5 * MINUTE;
	verify_scene_add_ca(&within);
	assert_verified(&within, "");
	assert_true(within.result.clock_ahead_by == 5 * MINUTE);

	verify_scene_add_ca(&beyond);
	beyond.leaf.not_before = AUTHORITY_NOW + 412;
	assert_denied(&beyond,
	    "it begins in 6 min 52 s: the Connector's clock is ahead of this host's by more than "
	    "the 5 min");
}

static void a_certificate_that_is_over_is_refused(void **state)
{
	scoped(verify_scene) struct verify_scene over = verify_scene_begin();
	scoped(verify_scene) struct verify_scene meanwhile = verify_scene_begin();
	scoped(verify_scene) struct verify_scene backwards = verify_scene_begin();
	scoped(verify_scene) struct verify_scene last_second = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&over);
	over.leaf.not_before = AUTHORITY_NOW - AUTHORITY_DAY;
	over.leaf.not_after = AUTHORITY_NOW - 1;
	assert_denied(&over, "it expired at 2027-01-15T07:59:59Z");

	verify_scene_add_ca(&backwards);
	backwards.leaf.not_after = backwards.leaf.not_before;
	assert_denied(&backwards, "it ends (2027-01-15T08:00:00Z) before it begins");

	verify_scene_add_ca(&last_second);
	last_second.leaf.not_before = AUTHORITY_NOW - AUTHORITY_DAY;
	last_second.leaf.not_after = AUTHORITY_NOW;
	last_second.request.least_lifetime = 0;
	assert_verified(&last_second, "");

	/* By the Connector's clock the CA is over. */
	meanwhile.ca.not_after = AUTHORITY_NOW + MINUTE;
	meanwhile.leaf.not_before = AUTHORITY_NOW + 2 * MINUTE;
	verify_scene_add_ca(&meanwhile);
	assert_denied(&meanwhile, "it expired at 2027-01-15T08:01:00Z");
}

static void a_certificate_that_is_soon_over_is_refused(void **state)
{
	scoped(verify_scene) struct verify_scene enough = verify_scene_begin();
	scoped(verify_scene) struct verify_scene short_lived = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&enough);
	enough.leaf.not_after = AUTHORITY_NOW + 10 * MINUTE;
	assert_verified(&enough, "");
	verify_scene_add_ca(&short_lived);
	short_lived.leaf.not_after = AUTHORITY_NOW + 10 * MINUTE - 1;
	assert_denied(&short_lived,
	    "it is valid for 9 min 59 s only (until 2027-01-15T08:09:59Z), at least 10 min are "
	    "needed");
}

static void the_earliest_end_is_that_of_leaf_or_ca(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

	(void)state;
	scene.ca.not_after = AUTHORITY_NOW + AUTHORITY_DAY;
	verify_scene_add_ca_and_root(&scene);
	assert_verified(&scene, "");
	assert_true(scene.result.earliest_end == AUTHORITY_NOW + AUTHORITY_DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connectors_clock_that_is_ahead_is_tolerated_within_the_skew),
		cmocka_unit_test(a_certificate_that_is_over_is_refused),
		cmocka_unit_test(a_certificate_that_is_soon_over_is_refused),
		cmocka_unit_test(the_earliest_end_is_that_of_leaf_or_ca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
