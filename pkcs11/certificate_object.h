#pragma once
/*
 * X.509 certificate objects in the token, each beside the key whose CKA_ID it has.
 *
 * An object is ours when it has the id of a key of ours and a label that begins with
 * `label_prefix`; no other is ever changed, destroyed or taken for ours. Whose keys these are is
 * for the caller to know. All need a token that is logged in to.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

struct key_id;
struct token;

/* When it returns, this certificate is the only one of ours with this id: written (unless it is
   there already), read back byte by byte, and only then the others removed; a token that refuses
   it (CKR_GENERAL_ERROR) is asked again without those of ours that have its issuer and serial number.
   May be done again after it was cut at any point. */
MUST_CHECK bool certificate_object_store(const struct token *token, const struct key_id *id,
    const char *label, const char *label_prefix, const X509 *certificate, struct error *error);
/* SHA-256 of the one that is there, lower case hex; "" when there is none that can be read. */
#define CERTIFICATE_OBJECT_SHA256_SIZE 65
MUST_CHECK bool certificate_object_sha256(const struct token *token, const struct key_id *id,
    const char *label_prefix, char ret_sha256[CERTIFICATE_OBJECT_SHA256_SIZE], struct error *error);
/* Absent is fine; *ret_destroyed counts objects and may be NULL. */
MUST_CHECK bool certificate_object_destroy(const struct token *token, const struct key_id *id,
    const char *label_prefix, size_t *ret_destroyed, struct error *error);
