#pragma once
/*
 * What a command says at its end: for people, or as one JSON object for machines, whatever
 * happened.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct identity;
struct identity_settings;
struct options;
struct result;

/* One command on one identity. `identity` NULL: it could not be opened; `settings` NULL: it did
   not come so far as to know which. Owned. */
cJSON *report_json(const struct options *options, const struct identity_settings *settings,
    const struct identity *identity, const struct result *result);
/* The head alone, of a command that is about no identity and adds its own. Owned. */
cJSON *report_json_head(const struct options *options, const struct result *result);
/* The same head over `identities`, an array of such objects, which is taken. */
cJSON *report_json_all(const struct options *options, cJSON *identities, int exit_status);
/* What the commands have printed for people is out; ERROR_STATE when it could not be written. */
MUST_CHECK bool report_flush(FILE *stream, struct error *error);
MUST_CHECK bool report_print_json(FILE *stream, const cJSON *report, struct error *error);

/* For people, on stdout: what `status` and `keys` show. */
void report_status(FILE *stream, const struct identity *identity, int64_t now);
void report_keys(FILE *stream, const struct identity *identity, const cJSON *keys);

/* What the last handshake showed of the gateway, and when it is asked again: `status`. Owned. */
cJSON *report_gateway_json(const struct identity *identity, int64_t now);
void report_gateway(FILE *stream, const struct identity *identity, int64_t now);

/* The generations that are there, and whether we have revoked them: `status`. Owned. */
cJSON *report_generations_json(const struct identity *identity);

/* What `doctor` found, and the same as the array of the JSON. */
void report_checks(FILE *stream, const char *name, const struct result *result);
cJSON *report_checks_json(const struct result *result);

/* How it stands: none, ok, due, renewing, re-enrolment-needed. */
const char *report_state(const struct identity *identity, int64_t now);
