#pragma once
/*
 * The commands: one row and one file each. The help text, the options and the lock come from the
 * same row.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct call;
struct identity;
struct result;

enum command_access {
	COMMAND_READS,    /* without the lock, and without making anything */
	COMMAND_EXAMINES, /* the same, also an identity that cannot be opened */
	COMMAND_WRITES    /* under the identity's lock */
};

/* One bit for each command: which of them an option belongs to. */
enum command_bit {
	COMMAND_ENROLL = 1 << 0,
	COMMAND_RENEW = 1 << 1,
	COMMAND_STATUS = 1 << 2,
	COMMAND_KEYS = 1 << 3,
	COMMAND_REVOKE = 1 << 4,
	COMMAND_DOCTOR = 1 << 5,
	COMMAND_AUDIT = 1 << 6,
	COMMAND_RUN = 1 << 7,
	COMMAND_PLAN = 1 << 8,
	COMMAND_ROLLBACK = 1 << 9,
	COMMAND_ADOPT = 1 << 10,
	COMMAND_EVERY = (1 << 11) - 1,
};

struct command {
	const char *name;
	enum command_bit bit;
	enum command_access access;
	/* For one identity. What was reached goes into *result, also when it fails. NULL: run_whole. */
	bool (*run)(const struct call *call, struct identity *identity, struct result *result,
	    struct error *error);
	const char *arguments; /* for the help text */
	const char *sentence;
	/* For a command that is not about one identity after another: all of it, the configuration
	   and what is told included. The exit status; *ret_report is the JSON, owned by the caller. */
	int (*run_whole)(const struct call *call, cJSON **ret_report);
	size_t operands; /* how many words may stand behind it */
};

#define COMMAND_COUNT 11

extern const struct command command_table[COMMAND_COUNT];

/* NULL when there is none. */
const struct command *command_find(const char *name);
/* For "did you mean": at most two letters away, and less than half of the word; else NULL. */
const struct command *command_nearest(const char *name);

MUST_CHECK bool command_enroll(
    const struct call *call, struct identity *identity, struct result *result, struct error *error);
MUST_CHECK bool command_adopt(
    const struct call *call, struct identity *identity, struct result *result, struct error *error);
MUST_CHECK bool command_renew(
    const struct call *call, struct identity *identity, struct result *result, struct error *error);
MUST_CHECK bool command_status(
    const struct call *call, struct identity *identity, struct result *result, struct error *error);
MUST_CHECK bool command_keys(
    const struct call *call, struct identity *identity, struct result *result, struct error *error);
MUST_CHECK bool command_revoke(
    const struct call *call, struct identity *identity, struct result *result, struct error *error);
MUST_CHECK bool command_rollback(
    const struct call *call, struct identity *identity, struct result *result, struct error *error);
MUST_CHECK bool command_doctor(
    const struct call *call, struct identity *identity, struct result *result, struct error *error);
MUST_CHECK bool command_audit(
    const struct call *call, struct identity *identity, struct result *result, struct error *error);
int command_plan(const struct call *call, cJSON **ret_report);
int command_run(const struct call *call, cJSON **ret_report);
/* doctor, when the configuration cannot be read. */
void command_doctor_refused(
    const struct call *call, const struct error *reason, struct result *result);
