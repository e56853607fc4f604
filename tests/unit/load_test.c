#include "agent/plan/load.h"

#include "agent/plan/host_status.h"
#include "tests/unit/test.h"

#include <stdlib.h>

#define START INT64_C(1800000000) /* a multiple of 30 s, 5 min and 1 h */

/* `count` renewals at `at`, behind those that are there. */
static void renew(struct host_status_list *list, size_t count, int64_t at)
{
	list->list = realloc(list->list, (list->count + count) * sizeof(*list->list));
	assert_non_null(list->list);
	for (size_t i = 0; i < count; i++)
		list->list[list->count++] =
		    (struct host_status){ .state = HOST_RENEWS, .planned = at, .at = at };
}

static struct load reckon(const struct host_status_list *list, int64_t seconds)
{
	struct load load;

	assert_true(load_reckon(list, seconds, &load));
	return load;
}

static void each_renewal_falls_into_its_span(void **state)
{
	struct host_status_list list = { .count = 0 };
	struct load load;

	(void)state;
	renew(&list, 2, START);
	renew(&list, 1, START + 299);
	renew(&list, 4, START + 300);
	renew(&list, 1, START + 7200);
	load = reckon(&list, 300);
	assert_int_equal(load.count, 3);
	assert_int_equal(load.spans[0].from, START);
	assert_int_equal(load.spans[0].renewals, 3);
	assert_int_equal(load.spans[1].from, START + 300);
	assert_int_equal(load.spans[1].renewals, 4);
	assert_int_equal(load.spans[2].from, START + 7200);
	assert_int_equal(load.most, 4);
	load_clear(&load);
	host_status_clear(&list);
}

static void the_span_is_chosen_so_that_there_are_some_dozens(void **state)
{
	static const struct {
		int64_t length, seconds;
	} cases[] = {
		{ 0, 30 },
		{ 59 * 30, 30 },
		{ 3600, 300 },
		{ 86400, 3600 },
		{ 10 * 86400, 21600 },
		{ 30 * 86400, 86400 },
		{ INT64_C(3650) * 86400, 604800 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct host_status_list list = { .count = 0 };
		struct load load;

		renew(&list, 1, START);
		renew(&list, 1, START + cases[i].length);
		load = reckon(&list, 0);
		assert_int_equal(load.seconds, cases[i].seconds);
		load_clear(&load);
		host_status_clear(&list);
	}
}

static void what_needs_a_person_is_no_load(void **state)
{
	struct host_status needing = { .state = HOST_NEEDS_TOKEN };
	const struct host_status_list list = { &needing, 1 };
	struct load load = reckon(&list, 0);

	(void)state;
	assert_int_equal(load.count, 0);
	assert_int_equal(load.refused, 0);
	assert_int_equal(load.least_left, LOAD_CAPACITY);
	load_clear(&load);
}

static void the_limit_is_exceeded_by_the_first_renewal_too_many(void **state)
{
	struct host_status_list list = { .count = 0 };
	struct load load;

	(void)state;
	renew(&list, 1000, START);
	load = reckon(&list, 0);
	assert_int_equal(load.refused, 0);
	assert_int_equal(load.least_left, 0);
	assert_int_equal(load.least_left_at, START);
	load_clear(&load);
	renew(&list, 1, START + 29);
	load = reckon(&list, 0);
	assert_int_equal(load.refused, 1);
	assert_int_equal(load.first_refused, START + 29);
	load_clear(&load);
	host_status_clear(&list);
}

static void every_thirty_seconds_there_are_a_hundred_renewals_more(void **state)
{
	struct host_status_list list = { .count = 0 };
	struct load load;

	(void)state;
	renew(&list, 1000, START);
	renew(&list, 100, START + 30);
	renew(&list, 101, START + 60);
	renew(&list, 299, START + 150);
	renew(&list, 2, START + 151);
	load = reckon(&list, 0);
	assert_int_equal(load.refused, 2);
	assert_int_equal(load.first_refused, START + 60);
	assert_int_equal(load.last_refused, START + 151);
	load_clear(&load);
	host_status_clear(&list);
}

static void the_gateway_never_has_more_than_its_capacity(void **state)
{
	struct host_status_list list = { .count = 0 };
	struct load load;

	(void)state;
	renew(&list, 1, START);
	renew(&list, 1001, START + INT64_C(86400) * 3650);
	load = reckon(&list, 0);
	assert_int_equal(load.refused, 1);
	load_clear(&load);
	host_status_clear(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_renewal_falls_into_its_span),
		cmocka_unit_test(the_span_is_chosen_so_that_there_are_some_dozens),
		cmocka_unit_test(what_needs_a_person_is_no_load),
		cmocka_unit_test(the_limit_is_exceeded_by_the_first_renewal_too_many),
		cmocka_unit_test(every_thirty_seconds_there_are_a_hundred_renewals_more),
		cmocka_unit_test(the_gateway_never_has_more_than_its_capacity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
