#pragma once
/*
 * Samples in the text format of Prometheus (exposition format 0.0.4).
 */
#include "agent/metrics/sample.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One identity; the sample is borrowed. */
struct metrics_row {
	const char *identity;
	int64_t last_check; /* 0: never */
	const struct metrics_sample *sample;
};

/* Errors are the stream's. */
void metrics_text_print(FILE *stream, const struct metrics_row *rows, size_t count, int64_t now);
