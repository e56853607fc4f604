#pragma once
/*
 * An identity that works, and how a run with it has ended.
 */
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/job/job.h"
#include "tests/unit/test.h"
#include "tests/unit/time_units.h"

#define NOW INT64_C(1800000000)

struct host {
	struct identity_settings settings; /* refused for ten minutes, it needs a one-time token */
	struct identity identity;
	struct outcome outcome;
	struct error error;
	enum reason reason;
};

/* Around each test; its state is a struct host. */
#define ON_A_HOST(test) cmocka_unit_test_setup_teardown(test, remember_set_up, remember_tear_down)
int remember_set_up(void **state);
int remember_tear_down(void **state);

/* A renewal that ended so, remembered. */
void end_renewal(struct host *host, enum error_kind kind, int64_t now);
