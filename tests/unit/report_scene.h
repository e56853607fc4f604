#pragma once
/*
 * An identity that works, and what is reported of it.
 */
#include "agent/identity/identity.h"
#include "agent/identity/result.h"
#include "agent/options.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#define NOW AUTHORITY_NOW

struct host {
	struct identity_settings settings;
	struct identity identity;
	struct options options; /* of `status` */
	struct result result;
};

/* Around each test; its state is a struct host. */
#define ON_A_HOST(test) cmocka_unit_test_setup_teardown(test, report_set_up, report_tear_down)
int report_set_up(void **state);
int report_tear_down(void **state);

/* Owned by the caller. */
cJSON *report_of(const struct host *host);
/* What report_status, or report_gateway, shows of it. Owned by the caller. */
char *shown_by(void (*report)(FILE *stream, const struct identity *identity, int64_t now),
    const struct host *host);

void assert_shows(const char *text, const char *part);
/* The members of an object, in their order. */
void assert_members(const cJSON *object, const char *expected);
