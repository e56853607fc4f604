#pragma once
/*
 * The two ends of a worker's channel.
 */
#include "agent/job/job.h"
#include "tests/unit/test.h"

struct pair {
	int supervisor, worker; /* worker -1: closed by the test */
};

/* Around each test; its state is a struct pair. */
#define OVER_A_PAIR(test) cmocka_unit_test_setup_teardown(test, channel_set_up, channel_tear_down)
int channel_set_up(void **state);
int channel_tear_down(void **state);
