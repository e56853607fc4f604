#pragma once
/*
 * A connection to the Connector, made as some identity of ours or as nobody (one-time token).
 * What was learnt on it goes into the run's outcome when it is closed.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "transport/connector.h"

#include <stdbool.h>

struct generation;
struct run;

struct connection {
	struct run *run; /* borrowed */
	struct https_settings settings;
	struct https_identity identity;
	const struct generation *generation; /* borrowed; NULL: nobody's */
	EVP_PKEY *key;
	bool in_token; /* the key: another signer may do better */
	struct connector *connector;
};

/* identity NULL: no client certificate. It and url are borrowed until the close. The struct must
   stay where it is. */
MUST_CHECK bool connection_open(struct connection *connection, struct run *run,
    const struct generation *identity, const char *url, struct error *error);
void connection_close(struct connection *connection);

/* Whether a URL that the Connector names may be followed: https, and a host that is allowed. */
bool connection_url_is_allowed(const struct run *run, const char *url);
/* Where the active identity is renewed: the URL that its Connector named, if it may be followed
   and has been proven, else the configured one. Borrowed. */
const char *connection_url(const struct run *run);

__attribute__((unused)) static inline void scoped_destroy_connection(struct connection *connection)
{
	connection_close(connection);
}
