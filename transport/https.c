#include "transport/https.h"

#include "base/text.h"
#include "transport/ca_file.h"
#include "transport/https_failure.h"
#include "transport/request_headers.h"
#include "transport/response_head.h"
#include "transport/tls_identity.h"
#include "transport/tls_trace.h"
#include "transport/trust_store.h"
#include "transport/url.h"

#include <curl/curl.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PROXY_SIZE 64 /* an IPv6 address with its zone, and a port */

struct https {
	CURL *curl;
	struct https_settings settings;
	struct https_identity identity;
	bool has_identity;
	struct https_facts facts;
	struct trust_store *trust; /* NULL: libcurl reads what it trusts itself */
	struct tls_trace trace;
	struct response_head head;
	struct text_buffer body;
	bool at_server;        /* TLS with the server has begun, none with a proxy only */
	char peer[PROXY_SIZE]; /* to which the last socket was opened */
	struct error refusal;  /* of a callback of ours: then it is the reason, not the CURLcode */
	char reason[CURL_ERROR_SIZE];
};

DEFINE_SCOPED(CURL, CURL *, curl_easy_cleanup)

/* libcurl calls back for the TLS of an https:// proxy too, and does not say so. The least version is
   how it can be told: TLS 1.2 for the server, TLS 1.3 for a proxy (configure). */
static bool is_of_proxy(SSL_CTX *context)
{
	return SSL_CTX_get_min_proto_version(context) == TLS1_3_VERSION;
}

static CURLcode prepare_tls(CURL *curl, void *context, void *user)
{
	struct https *https = user;

	(void)curl;
	/* When a kept connection is cut before the answer, libcurl asks again on a new one by
	   itself. Whether anything is asked twice, a one-time token above all, is the caller's
	   to say. */
	if (https->trace.request_sent && !https->trace.connected) {
		error_set(&https->refusal, ERROR_NETWORK,
		    "the connection was cut before the answer came");
		return CURLE_ABORTED_BY_CALLBACK;
	}
	/* A proxy gets no certificate of ours, and what it says is not said by the Connector. */
	https->at_server = !is_of_proxy(context);
	if (!https->at_server)
		return CURLE_OK;
	/* libcurl 8.23 would look at the server's certificate after the handshake, and with it our
	   certificate and a signature of the key would go to whoever answers. */
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	tls_trace_watch(&https->trace, context);
	if (https->trust && !trust_store_add(https->trust, context))
		return CURLE_OUT_OF_MEMORY;
	if (!https->has_identity)
		return CURLE_OK;
	return tls_identity_use(&https->identity, context, &https->refusal) ? CURLE_OK
									    : CURLE_SSL_CERTPROBLEM;
}

/* As libcurl does it. From 8.14 on it forgets, when a proxy lets nobody through, where that was. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct https *https = user;
	char host[NI_MAXHOST];
	char port[NI_MAXSERV];

	(void)purpose;
	if (getnameinfo(&address->addr, address->addrlen, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV)
	    == 0)
		text_format(https->peer, sizeof(https->peer), "%s port %s", host, port);
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t receive_body(char *bytes, size_t size, size_t count, void *user)
{
	struct https *https = user;

	if (text_add(&https->body, bytes, size * count))
		return size * count;
	error_set(&https->refusal, ERROR_CONNECTOR, "the answer is larger than %d bytes",
	    HTTPS_ANSWER_MAX);
	return 0;
}

static size_t receive_header(char *bytes, size_t size, size_t count, void *user)
{
	struct https *https = user;

	if (response_head_add(&https->head, bytes, size * count))
		return size * count;
	error_set(&https->refusal, ERROR_CONNECTOR, "the answer's header is larger than %d bytes",
	    RESPONSE_HEAD_MAX);
	return 0;
}

/* Beside a CA file libcurl would trust its built-in folder of CAs as well; told that there is none
   (NULL), newer ones put it back. This is no folder. */
static CURLcode trust_file(CURL *curl, const char *server_ca_file)
{
	CURLcode code = curl_easy_setopt(curl, CURLOPT_CAINFO, server_ca_file);

	return code != CURLE_OK ? code : curl_easy_setopt(curl, CURLOPT_CAPATH, "/dev/null");
}

/* What was built into libcurl, without its reading all of it for each connection. */
static CURLcode trust_system(struct https *https)
{
	const curl_version_info_data *built_in = curl_version_info(CURLVERSION_NOW);

	if (!built_in->capath || !built_in->cainfo)
		return CURLE_OK;
	https->trust = trust_store_new(built_in->capath, built_in->cainfo);
	if (!https->trust)
		return CURLE_OUT_OF_MEMORY;
	return curl_easy_setopt(https->curl, CURLOPT_CAINFO, NULL);
}

static CURLcode trust(struct https *https)
{
	const char *server_ca_file = https->settings.server_ca_file;

	return server_ca_file ? trust_file(https->curl, server_ca_file) : trust_system(https);
}

/* Everything not named here is left at libcurl's default, which is safe: the server's certificate
   and name are verified, no netrc, no cookies, proxies by the environment. */
static bool configure(struct https *https, struct error *error)
{
	CURL *curl = https->curl;
	const struct https_settings *settings = &https->settings;
	CURLcode codes[] = {
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https"),
		curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https"),
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L),
		curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L),
		curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1),
		curl_easy_setopt(curl, CURLOPT_USERAGENT, "renewal-agent/" RENEWAL_AGENT_VERSION),
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L),
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, settings->connect_milliseconds),
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, settings->total_milliseconds),
		curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L),
		curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2),
		curl_easy_setopt(curl, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3),
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L),
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L),
		curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L),
		trust(https),
		curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket),
		curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, https),
		curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, prepare_tls),
		curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, https),
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_body),
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, https),
		curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_header),
		curl_easy_setopt(curl, CURLOPT_HEADERDATA, https),
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, https->reason),
	};

	for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
		if (codes[i] != CURLE_OK) {
			return error_set(error, ERROR_INTERNAL,
			    "this libcurl (%s) lacks an option that is needed: %s", curl_version(),
			    curl_easy_strerror(codes[i]));
		}
	}
	return true;
}

bool https_open(const struct https_settings *settings, const struct https_identity *identity,
    struct https **ret_https, struct error *error)
{
	/* The first one of a process starts libcurl, which then stays. */
	scoped(CURL) CURL *curl = curl_easy_init();
	scoped(https) struct https *https = NULL;

	if (!ca_file_check(settings->server_ca_file, error)
	    || (identity && !tls_identity_check(identity, error)))
		return false;
	if (!curl)
		return error_set(error, ERROR_INTERNAL, "libcurl does not start");
	https = calloc(1, sizeof(*https));
	if (!https)
		return error_set(error, ERROR_INTERNAL, "no memory for a connection");
	https->curl = take(curl);
	https->settings = *settings;
	https->has_identity = identity != NULL;
	if (identity)
		https->identity = *identity;
	https->body = (struct text_buffer)TEXT_BUFFER_INIT(HTTPS_ANSWER_MAX);
	https->facts.alert = HTTPS_ALERT_NONE;
	if (!configure(https, error))
		return false;

	*ret_https = take(https);
	return true;
}

void https_close(struct https *https)
{
	if (!https)
		return;
	/* The connection ends here, and its last messages are still traced. */
	curl_easy_cleanup(https->curl);
	tls_trace_clear(&https->trace);
	trust_store_free(https->trust);
	text_discard(&https->body);
	free(https);
}

static void reset(struct https *https)
{
	text_discard(&https->body);
	text_add(&https->body, "", 0); /* an empty answer is "", not NULL */
	error_clear(&https->refusal);
	https->facts = (struct https_facts){ .alert = HTTPS_ALERT_NONE };
	tls_trace_start(&https->trace);
	https->head = (struct response_head){ .size = 0 };
	https->reason[0] = '\0';
	https->at_server = false;
}

static CURLcode perform(struct https *https, const char *url, struct curl_slist *headers,
    const char *body, size_t length)
{
	CURL *curl = https->curl;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, url);

	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
	if (code == CURLE_OK)
		code = curl_easy_perform(curl);
	/* Both belong to the caller. */
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
	return code;
}

static void note_facts(struct https *https, const struct https_failure *failure)
{
	const struct tls_trace *trace = &https->trace;
	struct https_facts *facts = &https->facts;
	bool unverified = https_failure_is_unverified(failure);

	*facts = (struct https_facts){
		.alert = trace->alert_received,
		.date = https->head.date,
		.retry_after = response_head_retry_after(&https->head),
		.server_not_verified = unverified,
		.server_expired =
		    unverified && failure->verify_result == X509_V_ERR_CERT_HAS_EXPIRED,
		.signing_failed = https_failure_is_unsigned(failure),
		.certificate_sent = trace->certificate_sent,
		.request_sent = trace->request_sent,
		.handshakes = trace->handshakes,
		.server_chain = trace->server_chain,
		.acceptable_cas = trace->acceptable_cas,
	};
	memcpy(facts->tls_version, trace->version, sizeof(facts->tls_version));
	curl_easy_getinfo(https->curl, CURLINFO_RESPONSE_CODE, &facts->status);
}

/* On a new connection TLS with the server comes first, unless there is a proxy in between. It is named
   by its address: the variable that names it may hold a password. */
static const char *find_proxy(const struct https *https)
{
	long connections = 0;
	long own_port = 0; /* none while nothing is connected; -1: it is forgotten */

	curl_easy_getinfo(https->curl, CURLINFO_NUM_CONNECTS, &connections);
	curl_easy_getinfo(https->curl, CURLINFO_LOCAL_PORT, &own_port);
	return connections > 0 && own_port != 0 && !https->at_server ? https->peer : "";
}

bool https_post(struct https *https, const char *url, const char *secret_header, const char *body,
    size_t length, struct https_answer *ret_answer, struct error *error)
{
	struct https_failure failure = {
		.reason = https->reason,
		.has_identity = https->has_identity,
		.pkcs1_only = https->has_identity && https->identity.pkcs1_only,
		.trace = &https->trace,
	};
	scoped(request_headers) struct curl_slist *headers = NULL;
	char host[URL_HOST_SIZE];

	reset(https);
	if (!url_https_host(url, host)) /* not shown: it may hold a password */
		return error_set(error, ERROR_CONFIG,
		    "the URL is not one of https, or holds a user name or password");
	if (!request_headers_make(https->settings.request_id, secret_header, &headers, error))
		return false;
	failure.code = perform(https, url, headers, body, length);
	curl_easy_getinfo(https->curl, CURLINFO_OS_ERRNO, &failure.os_error);
	curl_easy_getinfo(https->curl, CURLINFO_SSL_VERIFYRESULT, &failure.verify_result);
	failure.proxy = find_proxy(https);
	if (https->reason[0] == '\0')
		failure.reason = curl_easy_strerror(failure.code);
	note_facts(https, &failure);

	if (https->refusal.kind != ERROR_NONE)
		return error_set(error, https->refusal.kind, "%s", https->refusal.message);
	if (failure.code != CURLE_OK || https_failure_is_withheld(&failure))
		return https_failure_set(&failure, error);
	if (!https->head.complete) /* libcurl calls that a whole answer */
		return error_set(error, ERROR_NETWORK, "the answer was cut inside its header");
	*ret_answer = (struct https_answer){
		.body = https->body.data,
		.length = https->body.length,
		.content_type = https->head.content_type,
	};
	return true;
}

const struct https_facts *https_facts(const struct https *https)
{
	return &https->facts;
}
