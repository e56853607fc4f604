#include "tests/unit/tls_server.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

X509 *tls_server_make_certificate(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_EXTENSION *host =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_add_ext(certificate, host, -1);
	X509_EXTENSION_free(host);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

static void write_ca_file(struct tls_server *server, X509 *certificate)
{
	int file;
	scoped(FILE) FILE *stream = NULL;

	assert_true(text_copy(server->ca_file, sizeof(server->ca_file), "/tmp/tls-server-XXXXXX"));
	file = mkstemp(server->ca_file);
	assert_true(file >= 0);
	stream = fdopen(file, "w");
	assert_int_equal(PEM_write_X509(stream, certificate), 1);
}

static int listen_on_loopback(struct tls_server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listening, 8), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &length), 0);
	assert_true(text_format(
	    server->url, sizeof(server->url), "https://localhost:%d/", ntohs(address.sin_port)));
	return listening;
}

static int welcome(int fine, X509_STORE_CTX *store)
{
	(void)fine;
	(void)store;
	return 1;
}

static int refuse(int fine, X509_STORE_CTX *store)
{
	(void)fine;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED);
	return 0;
}

/* Cuts off what the client still wants to write. */
static void reset_connection(int connection)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(connection);
}

static void answer_count(SSL *ssl)
{
	char text[128];

	assert_true(
	    text_format(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d",
		sk_X509_num(SSL_get_peer_cert_chain(ssl))));
	SSL_write(ssl, text, (int)strlen(text));
}

static void answer_by_tls(SSL_CTX *context, const struct tls_server_script *script, int connection)
{
	SSL *ssl = SSL_new(context);
	char request[4096];

	SSL_set_fd(ssl, connection);
	if (SSL_accept(ssl) != 1) {
		if (script->clients == CLIENTS_REFUSED)
			reset_connection(connection);
	} else if (SSL_read(ssl, request, sizeof(request)) > 0) {
		if (script->answer)
			SSL_write(ssl, script->answer, (int)script->length);
		else
			answer_count(ssl);
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
}

static void answer_plainly(const struct tls_server_script *script, int connection)
{
	char request[4096];

	if (read(connection, request, sizeof(request)) > 0)
		send(connection, script->answer, script->length, MSG_NOSIGNAL);
}

static void serve(SSL_CTX *context, const struct tls_server_script *script, int listening)
{
	for (;;) {
		int connection = accept(listening, NULL, NULL);

		if (script->plain)
			answer_plainly(script, connection);
		else
			answer_by_tls(context, script, connection);
		shutdown(connection, SHUT_WR);
		close(connection);
	}
}

static SSL_CTX *make_context(
    const struct tls_server_script *script, X509 *certificate, EVP_PKEY *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	SSL_CTX_use_certificate(context, certificate);
	SSL_CTX_use_PrivateKey(context, key);
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(context, script->most);
	if (script->clients != CLIENTS_ANONYMOUS)
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER,
		    script->clients == CLIENTS_REFUSED ? refuse : welcome);
	return context;
}

void tls_server_start(const struct tls_server_script *script, struct tls_server *server)
{
	scoped(EVP_PKEY) EVP_PKEY *key = EVP_EC_gen("P-256");
	scoped(X509) X509 *certificate = tls_server_make_certificate(key);
	SSL_CTX *context = make_context(script, certificate, key);
	int listening = listen_on_loopback(server);

	write_ca_file(server, certificate);
	server->pid = fork();
	if (server->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		serve(context, script, listening);
	}
	SSL_CTX_free(context);
	close(listening);
}

void tls_server_stop(struct tls_server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	unlink(server->ca_file);
}
