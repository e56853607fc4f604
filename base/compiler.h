#pragma once
/*
 * Attributes that the project's headers use; gcc and clang.
 */

/* The result says whether it failed; the compiler insists that it is looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* Which argument is the format, and which the first value (counted from 1). */
#define PRINTF_LIKE(text, values) __attribute__((format(printf, text, values)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
