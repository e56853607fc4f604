#pragma once
/*
 * gateway.json: what the Connector's gateway showed in the last handshake made with an identity,
 * and when it was last asked for nothing but that.
 *
 * It can be done without: a file that is absent or damaged is nothing known, and what it said is
 * found out again by the next handshake. It holds no secret. Whoever holds the identity's lock
 * writes it.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#define GATEWAY_NAMES_MAX 64
#define GATEWAY_NAME_MOST 512

struct store;

/* Moments are 0 where there is none. */
struct gateway {
	int64_t seen;        /* the last handshake; 0: there was none, and only `probed` is known */
	uint32_t generation; /* that it was made as */
	cJSON *names; /* of CAs that it accepts, perhaps not all of them; NULL: none. Owned */
	uint32_t name_count;
	int64_t missing_since; /* our issuer is not among them, all the time since then */
	bool in_vain; /* the generation before was renewed for that, and the CA stayed the same */
	int64_t server_end; /* of the first of its certificate and its CAs; 0: not known */
	bool has_date;
	int64_t clock_ahead; /* seconds by which our clock was before its Date; with has_date */
	int64_t probed;      /* the last daily probe was begun */
	int64_t probe_again; /* one that was refused is made again from then on; 0: in its turn */
	uint32_t probe_refusals; /* of daily probes, in a row */
};

void gateway_clear(struct gateway *gateway);
/* What cannot be read is nothing known: *ret_gateway is cleared. The caller clears it. */
void gateway_read(const struct store *store, struct gateway *ret_gateway);
MUST_CHECK bool gateway_save(
    const struct store *store, const struct gateway *gateway, struct error *error);
