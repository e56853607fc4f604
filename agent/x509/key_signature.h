#pragma once
/*
 * Which certificate does a private key belong to? The one whose public key verifies what it signs.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#define KEY_SIGNATURE_SIZE 2048 /* RSA of 16384 bits */

struct key_signature {
	unsigned char text[32]; /* random */
	unsigned char bytes[KEY_SIGNATURE_SIZE];
	size_t length;
};

/* Signs by RSA PKCS#1 v1.5 with SHA-256. ERROR_TOKEN. */
MUST_CHECK bool key_signature_make(
    EVP_PKEY *key, struct key_signature *ret_signature, struct error *error);
/* In software. */
bool key_signature_is_of(const struct key_signature *signature, X509 *certificate);
