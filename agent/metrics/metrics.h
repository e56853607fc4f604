#pragma once
/*
 * The metrics: a Prometheus textfile about all identities of the configuration, written anew by one
 * rename at the end of every command that may change something.
 *
 * What a command has seen of its identities is taken from it; what it has not seen, or what another
 * run has changed since, is read. Reading and writing happen under the lock (flock) of the state
 * directory, so that of two runs that end at once the second knows what the first has done.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <stdbool.h>

struct config;
struct identity;
struct metrics;

/* The configuration is borrowed. Without `metrics_file`: *ret_metrics NULL, with which the others
   do nothing. */
MUST_CHECK bool metrics_open(
    const struct config *config, struct metrics **ret_metrics, struct error *error);
void metrics_close(struct metrics *metrics); /* NULL is fine */

/* After a command has been at an identity, whose lock is still held. */
void metrics_observe(struct metrics *metrics, const struct identity *identity);
/* Nothing that depends on a renewal fails with it: a failure is for a warning. */
MUST_CHECK bool metrics_write(struct metrics *metrics, struct error *error);

DEFINE_SCOPED(metrics, struct metrics *, metrics_close)
