#pragma once
/*
 * The system's CAs, looked for one by one.
 *
 * libcurl reads the system's whole bundle for every connection: some 140 CAs, 20 ms, 1.5 MB. Where
 * the same CAs lie in a folder too, named by their hash (as openssl-rehash(1) names them), OpenSSL
 * reads the one that it wants; the bundle is read only when that one is not in the folder.
 */
#include "base/compiler.h"
#include "base/scoped.h"

#include <openssl/ssl.h>
#include <stdbool.h>

struct trust_store;

/* Both paths are borrowed. NULL: no memory. */
struct trust_store *trust_store_new(const char *folder, const char *bundle);
/* After every context that it was added to. */
void trust_store_free(struct trust_store *trust);

MUST_CHECK bool trust_store_add(struct trust_store *trust, SSL_CTX *context);

DEFINE_SCOPED(trust_store, struct trust_store *, trust_store_free)
