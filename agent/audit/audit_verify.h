#pragma once
/*
 * Whether an audit log is what was written: every line, in its order, each with the hash of the one
 * before. A stream: no more than one line is in memory.
 *
 * The chain shows what was changed, taken out or moved inside of it. That lines are missing at its
 * end, or that all of it was written anew, only shows to who remembers an earlier head.
 */
#include "agent/audit/audit_line.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/* What a monitoring system has remembered. */
struct audit_remembered {
	int64_t count;                /* 0: not known */
	char sha256[AUDIT_HASH_SIZE]; /* "": nothing */
};

/* "HASH" or "COUNT:HASH", in lower or upper case. ERROR_USAGE. */
MUST_CHECK bool audit_remembered_parse(
    const char *text, struct audit_remembered *ret_remembered, struct error *error);

struct audit_findings {
	int64_t count;                /* lines that are in order, from the first on */
	char sha256[AUDIT_HASH_SIZE]; /* of the last of them; "" */
	int64_t repairs;              /* events audit_repaired among them */
	bool begins_anew;             /* an earlier file was set aside */
	int64_t torn_bytes;           /* behind the last newline: the next event repairs that */
	/* The certificate's, of the last event certificate_activated: the active one as long as the log
	   has not begun anew after it. "": none */
	char activated[AUDIT_HASH_SIZE];
	int64_t remembered_at; /* the line with the remembered hash; 0: none */
	int64_t broken_at;     /* the place of the first line that is not in order; 0: none */
};

/* ERROR_VERIFICATION says what is not as it was written; *ret_findings is set in any case. Without
   a log there are no lines, which is fine if none is remembered. */
MUST_CHECK bool audit_verify(const struct store *store, const struct audit_remembered *remembered,
    struct audit_findings *ret_findings, struct error *error);
/* The same of an open file, up to `length` bytes of it; `path` is for messages. */
MUST_CHECK bool audit_verify_file(int file, int64_t length, const char *path,
    const struct audit_remembered *remembered, struct audit_findings *ret_findings,
    struct error *error);
