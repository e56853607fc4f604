#pragma once
/*
 * A PKCS#11 URI in the PEM form that OpenSSL programs load through pkcs11-provider in the place
 * of a private key's file.
 *
 *	SEQUENCE { VisibleString "PKCS#11 Provider URI v1.0", UTF8String uri }
 *
 * under the label "PKCS#11 PROVIDER URI".
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>

/* The caller owns *ret_pem. */
MUST_CHECK bool key_pem_format(const char *uri, char **ret_pem, struct error *error);
