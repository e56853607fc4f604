#pragma once
/*
 * What is to be noticed in the handshakes made with an identity: that the gateway does not name our
 * issuer among the CAs that it accepts, which calls for a renewal, and what the last handshake said
 * of names, server certificate and clocks. And when the next daily probe is made.
 */
#include "agent/state/gateway.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct handshake;
struct identity;

/* After a worker. Pure: the caller saves it. A handshake that did not take place changes nothing. */
void notice_take(struct gateway *gateway, const struct handshake *handshake, int64_t now);
/* The same for an identity, and saved. */
MUST_CHECK bool notice_handshake(
    struct identity *identity, const struct handshake *handshake, int64_t now, struct error *error);
/* Since when the active generation's issuer has been missing; 0: it is not, or nothing is known. */
int64_t notice_issuer_missing(const struct identity *identity);
/* Moves the due date, once the active generation, its dates and the gateway are known. */
void notice_bring_forward(struct identity *identity);

/* When the next one is made unless there is something else to do; 0: none is. Any handshake serves as
   one. */
int64_t notice_next_probe(const struct identity *identity, int64_t now);
/* Written down before it is made, so that no crash has it made twice. */
MUST_CHECK bool notice_probe(struct identity *identity, int64_t now, struct error *error);
MUST_CHECK bool notice_save(const struct identity *identity, struct error *error);
