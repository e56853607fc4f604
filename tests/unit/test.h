#pragma once
/*
 * What every unit test includes: cmocka with the headers it needs first, and two checks that show
 * the message of an error that was not expected.
 */
#include "base/error.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

/* The call succeeds. */
#define assert_ok(call, error)                                                                     \
	do {                                                                                       \
		if (!(call))                                                                       \
			fail_msg(                                                                  \
			    "%s: %s: %s", #call, error_name((error)->kind), (error)->message);     \
	} while (0)

/* The call fails with an error of this kind. */
#define assert_refused(call, error, expected)                                                      \
	do {                                                                                       \
		if (call)                                                                          \
			fail_msg("%s: succeeded", #call);                                          \
		if ((error)->kind != (expected))                                                   \
			fail_msg(                                                                  \
			    "%s: %s: %s", #call, error_name((error)->kind), (error)->message);     \
	} while (0)

/* The exit status of a test program whose subject this host does not have. */
#define TEST_SKIPPED 77
