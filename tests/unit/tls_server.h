#pragma once
/*
 * A server in a child process that answers one connection after the other with given bytes: for
 * what an HTTP server, the stand-in included, does not say.
 */
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum tls_server_clients {
	CLIENTS_ANONYMOUS,
	CLIENTS_WELCOME, /* asked for a certificate, whichever they have */
	CLIENTS_REFUSED, /* the same, answered with an alert and at once a reset */
};

struct tls_server_script {
	bool plain; /* no TLS at all */
	int most;   /* TLS version; 0: the newest */
	enum tls_server_clients clients;
	const char *answer; /* once a request has come; NULL: the count of CAs from the client */
	size_t length;
};

struct tls_server {
	pid_t pid;
	char url[64];
	char ca_file[64];
};

void tls_server_start(const struct tls_server_script *script, struct tls_server *server);
void tls_server_stop(struct tls_server *server);

/* Self-signed, for localhost. */
X509 *tls_server_make_certificate(EVP_PKEY *key);
