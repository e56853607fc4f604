#pragma once
/*
 * What the hosts say of themselves: the JSON of `renewal-agent status --json`, of many hosts.
 *
 * A path is a file with one report after another (lines, or printed over several), a folder of such
 * files, or "-" for standard input. A report of --all stands for each of its identities. A host is
 * called by the member `host` of its report, which whoever collects them may add, else by the file's name without
 * its ending, with the report's number when there are several in the file.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLEET_FILE_SIZE_MAX (64 * 1024 * 1024)
#define FLEET_REPORT_SIZE_MAX (4 * 1024 * 1024)
#define FLEET_IDENTITIES_MAX 1000000
#define FLEET_NAME_SIZE 128

struct fleet_identity {
	char host[FLEET_NAME_SIZE];
	char identity[FLEET_NAME_SIZE];
	char state[32];         /* "ok", "re-enrolment-needed", ...; "" when the report has none */
	char sha256[65];        /* of the certificate; "" without one */
	char issuer_sha256[65]; /* of the CA certificate; "" without one */
	int64_t not_after;      /* seconds; 0 without a certificate */
	int64_t next_renewal;   /* seconds; 0 without a certificate */
	int64_t next_attempt;   /* seconds, the end of a back-off; 0 without one */
};

struct fleet {
	struct fleet_identity *identities; /* owned; in the order in which they came */
	size_t count;
};

/* For a caller who goes on without what cannot be used. */
struct fleet_refusals {
	void (*tell)(void *context, const struct error *error);
	void *context;
};

/* ERROR_CONFIG, with file, report and line, for what is no report of status; ERROR_STATE and
   ERROR_PERMISSION for what cannot be read. No report at all is ERROR_CONFIG. With `refusals` all of these are told and
   passed over, and only memory that has run out fails. */
MUST_CHECK bool fleet_read(const char *const *paths, size_t count,
    const struct fleet_refusals *refusals, struct fleet *ret_fleet, struct error *error);
void fleet_clear(struct fleet *fleet);

__attribute__((unused)) static inline void scoped_destroy_fleet(struct fleet *fleet)
{
	fleet_clear(fleet);
}
