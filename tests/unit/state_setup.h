#pragma once
/*
 * A state directory around each test of agent/state. It is gone afterwards, and the calls that
 * tests/fakes/file_calls counts are left alone again.
 */
#include "tests/unit/test.h"

/* As set-up and tear-down of a test. */
int state_setup_nothing(void **state);
int state_setup_folder(void **state);
int state_setup_store(void **state); /* *state is a struct store ** */
int state_setup_discard(void **state);
int state_setup_close(void **state);

/* Nothing is there yet. */
#define BEFORE_ANY_STATE(test)                                                                     \
	cmocka_unit_test_setup_teardown(test, state_setup_nothing, state_setup_discard)
/* An empty state directory. */
#define IN_A_FOLDER(test)                                                                          \
	cmocka_unit_test_setup_teardown(test, state_setup_folder, state_setup_discard)
/* The identity's store is open, in the test file's own `struct store *store`. */
#define WITH_A_STORE(test)                                                                         \
	cmocka_unit_test_prestate_setup_teardown(test, state_setup_store, state_setup_close, &store)
