#pragma once
/*
 * What doctor finds out: one check after another, in the order of the enum, the supervisor's own
 * ones first. Their names are for machines too and stay as they are.
 *
 * A check that needs another one which did not succeed is skipped, and says which that was.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum check_id {
	CHECK_CONFIGURATION,
	CHECK_STATE_DIRECTORY,
	CHECK_STATE_SPACE,
	CHECK_STATE_FSYNC,
	CHECK_LOCK,
	CHECK_JOURNAL,
	CHECK_CERTIFICATE,
	CHECK_CREDENTIALS,
	CHECK_HOOKS,
	CHECK_METRICS,
	CHECK_ENROLLMENT_TOKEN,
	CHECK_PIN_SOURCE, /* the worker's first */
	CHECK_MODULE,
	CHECK_TOKEN,
	CHECK_PIN_STATE,
	CHECK_PIN_LATCH,
	CHECK_LOGIN,
	CHECK_KEY_GENERATION,
	CHECK_SIGN_PKCS1,
	CHECK_SIGN_PSS,
	CHECK_CAPACITY,
	CHECK_KEY_ATTRIBUTES, /* once for each key of ours */
	CHECK_LEFTOVERS,
	CHECK_KEY_CERTIFICATE,
	CHECK_SIGNER,
	CHECK_SELF_TEST,
	CHECK_URL,
	CHECK_NAME_RESOLUTION,
	CHECK_CONNECTION,
	CHECK_TLS_VERSION,
	CHECK_SERVER_CERTIFICATE,
	CHECK_ACCEPTABLE_CAS,
	CHECK_CONNECTOR,
	CHECK_CLOCK,
	CHECK_COUNT
};

#define CHECK_FIRST_OF_WORKER CHECK_PIN_SOURCE

enum check_result { CHECK_OK, CHECK_WARN, CHECK_FAIL, CHECK_SKIPPED };

struct check {
	enum check_id id;
	enum check_result result;
	enum error_kind kind; /* of a failure: what the exit status says; else ERROR_NONE */
	char message[ERROR_MESSAGE_SIZE];
	char cure[512]; /* "" when there is nothing to be done, or the message says it */
};

const char *check_name(enum check_id id);
const char *check_result_name(enum check_result result); /* "ok" */

void check_set_ok(struct check *check, const char *format, ...) PRINTF_LIKE(2, 3);
void check_set_warning(struct check *check, const char *cure, const char *format, ...)
    PRINTF_LIKE(3, 4);
void check_set_skipped(struct check *check, const char *format, ...) PRINTF_LIKE(2, 3);
/* cure NULL: the message says it. */
void check_set_failed(struct check *check, const char *cure, const struct error *error);

/* A list without an end of memory's grants: beyond CHECKS_MAX nothing is added. */
#define CHECKS_MAX 256
struct check_list {
	struct check *items; /* owned */
	size_t count;
};

void check_list_add(struct check_list *list, const struct check *check);
void check_list_clear(struct check_list *list);
bool check_list_has(const struct check_list *list, enum check_id id);
/* Whether everything that the check needs is well, as far as the list knows; else it is set to be
   skipped. */
bool check_may_run(const struct check_list *list, struct check *check);

/* As a note of the worker carries it, and as the report shows it: name, result, message, cure. */
void check_to_json(const struct check *check, cJSON *object);
/* What a worker sent: `object` also has the kind of error. ERROR_INTERNAL. */
MUST_CHECK bool check_from_json(const cJSON *object, struct check *ret_check, struct error *error);
