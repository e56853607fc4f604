#pragma once
/*
 * Spans of time, in seconds.
 */
#include <stdint.h>

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)
