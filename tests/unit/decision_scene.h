#pragma once
/*
 * A healthy identity whose certificate is due in an hour, and what decide_renew says about it.
 */
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "tests/unit/test.h"
#include "tests/unit/time_units.h"

#define NOW INT64_C(1800000000)

struct host {
	struct identity_settings settings;
	struct identity identity;
	struct wish wish;
};

/* Around each test; its state is a struct host. */
#define ON_A_HOST(test) cmocka_unit_test_setup_teardown(test, decision_set_up, decision_tear_down)
int decision_set_up(void **state);
int decision_tear_down(void **state);

void assert_decides_nothing(const struct host *host, enum reason reason);
void assert_decides_work(const struct host *host, bool renew);
void assert_decides_error(const struct host *host, enum error_kind kind, enum reason reason);
