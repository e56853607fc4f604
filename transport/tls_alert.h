#pragma once
/*
 * What a TLS alert from the server means for us (RFC 8446, 6; RFC 5246, 7.2).
 */
#include "base/error.h"

struct tls_alert {
	int number;
	const char *name; /* as the RFCs write it; "unknown alert" for a number not in them */
	enum error_kind kind;
	const char *meaning; /* for a message: "the server ..." */
};

/* Never NULL; static. */
const struct tls_alert *tls_alert_find(int number);
