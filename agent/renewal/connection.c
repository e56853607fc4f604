#include "agent/renewal/connection.h"

#include "agent/renewal/access.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/handshake_sight.h"
#include "agent/renewal/run.h"
#include "base/clock.h"
#include "base/text.h"
#include "transport/url.h"

#include <string.h>
#include <strings.h>

/* RFC 8446, 6.2 */
#define ALERT_CERTIFICATE_EXPIRED 45
#define ALERT_DECRYPT_ERROR 51 /* our signature does not verify */

bool connection_open(struct connection *connection, struct run *run,
    const struct generation *identity, const char *url, struct error *error)
{
	memset(connection, 0, sizeof(*connection));
	connection->run = run;
	run->signature_failed = false;
	run->signer_failed = false;
	connection->settings = (struct https_settings){
		.server_ca_file = run->settings->server_ca_file,
		.connect_milliseconds = (long)(run->settings->connect_timeout * 1000),
		.total_milliseconds = (long)(run->settings->request_timeout * 1000),
		.request_id = run->job->run_id,
	};
	if (!identity)
		return connector_open(
		    url, &connection->settings, NULL, &connection->connector, error);
	if (!generation_key_load(run, identity, &connection->key, error))
		return false;
	connection->generation = identity;
	connection->in_token = !generation_key_is_in_file(identity);
	connection->identity = (struct https_identity){
		.certificate = identity->certificate,
		.chain = identity->chain,
		.key = connection->key,
		.pkcs1_only = connection->in_token && !access_makes_pss(run),
	};
	return connector_open(
	    url, &connection->settings, &connection->identity, &connection->connector, error);
}

void connection_close(struct connection *connection)
{
	if (connection->connector) {
		const struct https_facts *facts = connector_facts(connection->connector);
		struct outcome *outcome = &connection->run->outcome;

		if (facts->date != 0)
			outcome->server_date = facts->date;
		outcome->retry_after = facts->retry_after;
		outcome->alert_expired = facts->alert == ALERT_CERTIFICATE_EXPIRED;
		if (connection->generation)
			handshake_sight_take(
			    facts, connection->generation, clock_now(), &outcome->handshake);
		if (connection->in_token && facts->signing_failed)
			connection->run->signer_failed = true;
		if (connection->in_token
		    && (facts->signing_failed || facts->alert == ALERT_DECRYPT_ERROR))
			connection->run->signature_failed = true;
	}
	connector_close(connection->connector);
	connection->connector = NULL;
	EVP_PKEY_free(connection->key);
	connection->key = NULL;
}

bool connection_url_is_allowed(const struct run *run, const char *url)
{
	const struct setting_list *hosts = &run->settings->connector_hosts;
	char host[URL_HOST_SIZE], configured[URL_HOST_SIZE];

	if (!url_https_host(url, host))
		return false;
	for (size_t i = 0; i < hosts->count; i++) {
		if (strcasecmp(host, hosts->items[i]) == 0)
			return true;
	}
	return hosts->count == 0 && url_https_host(run->settings->connector_url, configured)
	       && text_equal(host, configured);
}

const char *connection_url(const struct run *run)
{
	const char *named = run->active.connector_url;

	if (named && connection_url_is_allowed(run, named))
		return named;
	return run->settings->connector_url;
}
