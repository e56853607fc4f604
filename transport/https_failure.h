#pragma once
/*
 * Why a request brought no answer: from what libcurl says and what was seen on the wire to an
 * error whose kind says who has to do what. Pure.
 */
#include "base/error.h"

#include <curl/curl.h>
#include <stdbool.h>

struct tls_trace;

struct https_failure {
	CURLcode code;
	const char *reason; /* libcurl's own words */
	const char *proxy;  /* that was connected to, when it did not come further; "": none */
	long os_error;      /* errno of the last connect; 0 when none failed */
	long verify_result; /* X509_V_... of the server's certificate */
	bool pkcs1_only;    /* TLS 1.2 was the most that our key can do */
	bool has_identity;  /* a client certificate was to be shown */
	const struct tls_trace *trace;
};

/* Our side refused the server's certificate. The code alone does not say so: with TLS 1.2 it is
   the same when the server finds that ours has expired. */
bool https_failure_is_unverified(const struct https_failure *failure);
/* The handshake ended at our own signature. */
bool https_failure_is_unsigned(const struct https_failure *failure);
/* The server asked for a certificate and got none, although there is one: no signature scheme
   suits server, key and token. The server may answer all the same. */
bool https_failure_is_withheld(const struct https_failure *failure);
/* Returns false, as error_set does. */
bool https_failure_set(const struct https_failure *failure, struct error *error);
