#pragma once
/*
 * Is this answer of the Connector a certificate that we can go on with?
 *
 * The CA comes from the answer itself: an authenticated answer may bring any CA, as long as the
 * leaf verifies under it, so nothing here makes anything trusted. What it does protect is the
 * present identity, which is replaced only by one that belongs to our key, names us and works.
 * Each failed check is ERROR_VERIFICATION and says which check, what was expected, what came.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#define VERIFY_WARNING_SIZE 512

struct verify_request {
	X509 *leaf;
	STACK_OF(X509) *returned; /* all other certificates of the answer, in any order */
	EVP_PKEY *public_key;     /* that the leaf must carry; a software key */
	const X509_NAME *subject; /* that was requested */
	const char *common_name;  /* that it must have (renewal), or NULL (enrolment) */
	int64_t now;              /* seconds */
	int64_t clock_skew;       /* seconds by which notBefore may be ahead of now */
	int64_t least_lifetime;   /* seconds it must still be valid from now on */
};

struct verify_result {
	STACK_OF(X509) *chain;  /* issuing CA first, each issued by the next; without the leaf */
	int64_t earliest_end;   /* of leaf and chain, seconds */
	int64_t clock_ahead_by; /* how far the Connector's clock is ahead of ours; 0 if not */
	char warning[VERIFY_WARNING_SIZE]; /* "" or e.g. a CA without basicConstraints */
};

/* Owned by the caller: verify_result_clear. */
MUST_CHECK bool verify_issued(
    const struct verify_request *request, struct verify_result *ret_result, struct error *error);
void verify_result_clear(struct verify_result *result);

__attribute__((unused)) static inline void scoped_destroy_verify_result(
    struct verify_result *result)
{
	verify_result_clear(result);
}
