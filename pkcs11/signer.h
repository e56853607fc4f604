#pragma once
/*
 * The signer: a key id to an EVP_PKEY whose private operations happen in the token.
 *
 * It gets no PIN: the process is logged in already (see token.h), and it uses the same module.
 * Order of tear-down: everything that holds a key (SSL_CTX, curl handle), the keys, the signer,
 * the token, the module. A signature that "succeeded" may still be wrong: verify it.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <openssl/evp.h>
#include <stdbool.h>

struct key_id;
struct signer;
struct token;

/* In the order in which they are worth a try. */
enum signer_kind {
	SIGNER_PROVIDER,   /* latchset's pkcs11-provider */
	SIGNER_ENGINE,     /* libp11's engine "pkcs11" */
	SIGNER_PKCS11PROV, /* libp11's provider */
	SIGNER_KIND_COUNT
};

const char *signer_kind_name(enum signer_kind kind);
const char *signer_kind_package(
    enum signer_kind kind); /* Debian's; NULL: this program cannot use it */
MUST_CHECK bool signer_kind_parse(const char *name, enum signer_kind *ret_kind);

/* ERROR_TOKEN names the package to install when it is not there; *ret_absent tells that, and is set
   in any case. Each kind once a process; `token` has its
   session and is logged in, and must outlive the signer. From now on nothing in this process asks at
   the terminal. */
MUST_CHECK bool signer_open(enum signer_kind kind, struct token *token, struct signer **ret_signer,
    bool *ret_absent, struct error *error);
void signer_close(struct signer *signer);
const char *signer_name(const struct signer *signer);
/* Whether its keys make RSA-PSS signatures: by the token's mechanism, or by raw RSA if this kind can
   pad. A token that does not say is taken to be able: its signature will tell. */
bool signer_makes_pss(const struct signer *signer);

/* Exactly one private key must have this id: a signer takes one of several without a word. When
   this fails, no other signer does better. */
MUST_CHECK bool signer_check_id(
    const struct token *token, const struct key_id *id, struct error *error);
/* Checks the id, too, and refuses a key that wants the PIN for each signature if this kind does not
   hand it on. Owned. */
MUST_CHECK bool signer_load_key(
    struct signer *signer, const struct key_id *id, EVP_PKEY **ret_key, struct error *error);

DEFINE_SCOPED(signer, struct signer *, signer_close)
