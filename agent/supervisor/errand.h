#pragma once
/*
 * An errand for a worker: the job is made for an identity, and what comes back is entered into
 * the command's result.
 */
#include "agent/job/job.h"
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct call;
struct identity;
struct listener;
struct result;
struct secret;
struct supervised;

struct errand {
	enum job_task task;
	bool renew, retry_pin, prune, unknown, spare;
	uint32_t generation;
	const char *url;                    /* NULL without */
	const char *certificate, *key, *ca; /* of an adoption; NULL without */
	bool force;
	bool revoke_old, destroy_old;    /* of what is replaced */
	bool unnoted;                    /* what the gateway shows is not kept */
	const struct secret *token;      /* NULL without */
	const struct listener *listener; /* NULL without */
};

/* The identity, if it has a store, is loaded again afterwards. Fails as supervisor_run does; *ret_supervised is set in
   any case. */
MUST_CHECK bool errand_run(const struct call *call, struct identity *identity,
    const struct errand *errand, struct result *result, struct supervised *ret_supervised,
    struct error *error);
