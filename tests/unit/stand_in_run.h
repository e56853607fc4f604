#pragma once
/*
 * One stand-in Connector for all tests of a program, as after its start for each of them, and
 * requests to it over transport/https.
 */
#include "tests/unit/stand_in.h"
#include "tests/unit/test.h"
#include "transport/https.h"

extern struct stand_in stand_in;

/* Group set-up and tear-down. */
int stand_in_run_start(void **state);
int stand_in_run_stop(void **state);

/* Before each test; the test file's own `struct error error`, which is *state, is clear too. */
int stand_in_run_begin(void **state);
#define WITH_THE_STAND_IN(test)                                                                    \
	cmocka_unit_test_prestate_setup_teardown(test, stand_in_run_begin, NULL, &error)

/* Closed by https_close. */
struct https *stand_in_run_open(const struct https_identity *as);
/* The probe, to its mTLS side. */
#define PROBE "{\"query\":\"query { __typename }\"}"
MUST_CHECK bool stand_in_run_post(
    struct https *https, struct https_answer *ret_answer, struct error *error);
