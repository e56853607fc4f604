#include "agent/examination/examination.h"
#include "base/text.h"
#include "transport/resolve.h"
#include "transport/url.h"

#include <string.h>

#define ADDRESSES_SIZE 256

void examine_url(struct examination *examination, struct check *check)
{
	const char *url = connection_url(&examination->run);
	char shown[URL_SHOWN_SIZE];
	char host[URL_HOST_SIZE];
	struct error error = ERROR_INIT;

	url_show(url, shown);
	if (url_https_host(url, host)) {
		check_set_ok(check, "%s", shown);
		return;
	}
	(void)error_set(
	    &error, ERROR_CONFIG, "the URL is not one of https, or holds a user name or password");
	check_set_failed(check, "Set connector_url to the certificate-secured URL.", &error);
}

void examine_name_resolution(struct examination *examination, struct check *check)
{
	const char *proxy = resolve_proxy_variable();
	char addresses[ADDRESSES_SIZE];
	char host[URL_HOST_SIZE] = "";
	struct error error = ERROR_INIT;

	if (proxy) {
		check_set_ok(check, "left to the proxy that %s names", proxy);
		return;
	}
	if (url_https_host(connection_url(&examination->run), host)
	    && resolve_host(host, addresses, sizeof(addresses), &error))
		check_set_ok(check, "%s is %s", host, addresses);
	else
		check_set_failed(check,
		    "See to the host's resolver (/etc/resolv.conf), or mend connector_url.",
		    &error);
}

static const struct https_facts *facts_of(const struct examination *examination)
{
	return connector_facts(examination->connection.connector);
}

/* Whether the server showed its certificate, whatever it thought of ours. */
static bool came_to_tls(const struct examination *examination)
{
	return examination->answer.kind == ERROR_NONE || facts_of(examination)->handshakes > 0;
}

/* With the active identity when its key signs; else as nobody, for what the server shows of
   itself. */
void examine_connection(struct examination *examination, struct check *check)
{
	struct run *run = &examination->run;
	const struct generation *identity = examination->key_signs ? &run->active : NULL;
	struct error *answer = &examination->answer;

	if (!connection_open(&examination->connection, run, identity, connection_url(run), answer)
	    || (!connector_probe(examination->connection.connector, answer)
		&& !came_to_tls(examination))) {
		check_set_failed(check,
		    answer->kind == ERROR_CONFIG
			? "Mend server_ca_file."
			: "See whether the Connector runs, and whether firewall, proxy and "
			  "connector_url are right.",
		    answer);
		return;
	}
	check_set_ok(check, "%s",
	    identity ? "TCP and TLS, with the active identity"
		     : "TCP and TLS; without a key that signs, as nobody");
}

void examine_tls_version(struct examination *examination, struct check *check)
{
	const char *version = facts_of(examination)->tls_version;

	if (version[0])
		check_set_ok(check, "%s", version);
	else
		check_set_skipped(check, "the handshake did not come to its end");
}

void examine_connector(struct examination *examination, struct check *check)
{
	const struct error *answer = &examination->answer;
	const char *cure = NULL;

	if (!examination->connection.key) {
		check_set_skipped(check, "there is no identity to ask as");
		return;
	}
	if (answer->kind == ERROR_NONE) {
		check_set_ok(
		    check, "accepts the active identity (HTTP %ld)", facts_of(examination)->status);
		return;
	}
	if (answer->kind == ERROR_REJECTED)
		cure = "If it stays so, enroll with a one-time token; if the Connector has changed "
		       "its CA, tell its operators.";
	else if (answer->kind == ERROR_NETWORK)
		cure = "Try again later; if it stays so, tell the Connector's operators.";
	check_set_failed(check, cure, answer);
}
