#pragma once
/*
 * What the daemon keeps between two runs: the configuration in use, and an appointment for each of
 * its identities.
 */
#include "agent/config/config.h"
#include "agent/daemon/agenda.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

struct call;
struct wake;

struct household {
	struct config *config;
	struct agenda agenda; /* borrows from config; the list is owned */
};

/* Reads the configuration; with --identity only that one. ERROR_CONFIG also for what a daemon
   cannot do with: a PIN that can be read only once. */
MUST_CHECK bool household_open(
    const struct call *call, struct household *ret_household, struct error *error);
void household_close(struct household *household);

/* Reads every identity as it stands on disk, and watches its folder. `tell`: people hear of each
   what it waits for. */
void household_look(
    struct household *household, const struct call *call, struct wake *wake, bool tell);
/* Host and clock have been away until now. */
void household_catch_up(struct household *household, int64_t now);

__attribute__((unused)) static inline void scoped_destroy_household(struct household *household)
{
	household_close(household);
}
