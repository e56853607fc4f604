#pragma once
/*
 * One action on a soft token behind the PKCS#11 shim, in a process of its own, because the shim
 * reads its plan once. The test program itself must not have loaded a module.
 */
#include "base/error.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/token.h"

#include <stdbool.h>
#include <stddef.h>

struct soft_token;

/* What the process leaves for the test to look at. */
struct shim_report {
	bool succeeded;
	struct error error;
	enum token_login login;
	struct token_info info;
	struct key_pair pair;
	size_t count;
};

/* The token is not opened yet. False: report->error says why. It must not use cmocka's checks. */
typedef bool (*shim_action)(struct soft_token *soft, struct shim_report *report);

/* Opens, with the shim as module, and logs in. */
MUST_CHECK bool shim_open(struct soft_token *soft, struct error *error);

/* Under this plan (the lines of tests/token/README.md). */
void shim_run(const struct soft_token *soft, const char *plan, shim_action action,
    struct shim_report *ret_report);
/* It fails with ERROR_TOKEN and a message that holds the complaint. */
void shim_assert_fails(
    const struct soft_token *soft, const char *plan, shim_action action, const char *complaint);
/* How often the function was called in the last run. */
size_t shim_calls(const struct soft_token *soft, const char *function);
