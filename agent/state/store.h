#pragma once
/*
 * One identity's folder under the state directory: its generations, and which one is active.
 *
 *	<state_directory>/<identity>/current -> generations/<n>
 *
 * A generation is written whole into a folder that nothing points to, fsynced, and becomes
 * active by one rename of the symlink. Numbers are never used again. Folders are 0755, what
 * consumers read 0644. Errors: ERROR_STATE, ERROR_PERMISSION; ERROR_DAMAGED for an active
 * generation that cannot be read.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GENERATION_SHA256_SIZE 65
#define STORE_TAG_SIZE 9          /* 8 hexadecimal digits and a NUL */
#define STORE_GENERATIONS_MAX 256 /* kept at one time */

struct distrust;
struct store;

struct generation {
	uint32_t number; /* from 1; 0 is none */
	X509 *certificate;
	STACK_OF(X509) *chain; /* the CAs, issuing one first */
	char *key_uri;         /* RFC 7512; of an adopted key perhaps another scheme */
	char *key_id;          /* lower case hex; NULL for an adopted key in a file */
	char *key_label;       /* NULL or "" for an adopted key that has none */
	char *director_url;    /* NULL when the Connector gave none */
	char *connector_url;   /* certificateSecuredConnectorURL; NULL when it gave none */
	int64_t activated;     /* by store_load: since when it is active; 0 when it is not */
	bool same_issuer;      /* as the generation before it: a CA that ends first limits it */
	/* The CA certificate that the generations before had, when it was last another one. */
	char replaced_issuer[GENERATION_SHA256_SIZE]; /* "" : never another; lower case hex */
	bool replaced_issuer_had_same_key;
	bool revoked;   /* by us */
	bool abandoned; /* gone back from, or never active: older ones are better to keep */
	bool adopted;   /* its key was not made by us and is never destroyed by us */
};

/* Makes state directory and folders when `make` is true; else a missing folder succeeds with
   *ret_store NULL. ERROR_CONFIG when the state directory's parent is missing; ERROR_PERMISSION for
   a folder that others may write to and, when `make` is true, for one that belongs neither to us
   nor to root. */
MUST_CHECK bool store_open(const char *state_directory, const char *identity, bool make,
    struct store **ret_store, struct error *error);
void store_close(struct store *store);
/* From now on a generation is read from disk once. For a process that alone changes them. */
void store_remember(const struct store *store);
/* From now on certificates are loaded for looking at only (x509/keyless.h): without their keys. */
void store_skim(struct store *store);

int store_folder(const struct store *store);       /* descriptor of <identity>/; borrowed */
const char *store_path(const struct store *store); /* of <identity>/, for messages; borrowed */
/* 8 random hex digits, made with the state directory: part of every key's label. Borrowed; ""
   when there are none yet and `make` was false. */
const char *store_tag(const struct store *store);

/* *ret_number 0: nothing is active. A dangling or foreign `current` is ERROR_DAMAGED. */
MUST_CHECK bool store_active(const struct store *store, uint32_t *ret_number, struct error *error);
/* The number that `current` names, there or not; 0 when it names none of ours. */
MUST_CHECK bool store_current(const struct store *store, uint32_t *ret_number, struct error *error);
/* Numbers that are there, ascending; at most STORE_GENERATIONS_MAX. */
MUST_CHECK bool store_list(const struct store *store, uint32_t numbers[STORE_GENERATIONS_MAX],
    size_t *ret_count, struct error *error);
/* The highest number that any folder there bears, finished or not; 0 when there is none. */
MUST_CHECK bool store_highest(const struct store *store, uint32_t *ret_number, struct error *error);
/* ERROR_DAMAGED when the files are not what store_write wrote. */
MUST_CHECK bool store_load(const struct store *store, uint32_t number,
    struct generation *ret_generation, struct error *error);
/* certificate.pem chain.pem ca.pem key.uri key.pem generation.json, on disk when it returns;
   replaces a folder of this number, removes what killed writes have left, refuses the active one.
   key.pem is there for pkcs11: URIs, and a symlink to the key for a file: URI. */
MUST_CHECK bool store_write(
    const struct store *store, const struct generation *generation, struct error *error);
/* The rename. Already active is fine. Then the number is written into <identity>/activated, where
   programs can watch for it: a symlink that is renamed over is an event for few of them. */
MUST_CHECK bool store_activate(const struct store *store, uint32_t number, struct error *error);
/* Notes in its generation.json that we revoked it, or that it is abandoned. */
MUST_CHECK bool store_mark_revoked(const struct store *store, uint32_t number, struct error *error);
MUST_CHECK bool store_mark_abandoned(
    const struct store *store, uint32_t number, struct error *error);
/* Refuses the active one. Absent is fine. */
MUST_CHECK bool store_remove(const struct store *store, uint32_t number, struct error *error);
/* ca-bundle.pem: the unexpired CAs of all generations that are there, each once, without the
   distrusted ones; written only when it changes. A generation that cannot be read is passed over, and
   so is the one that is under way (0: none is) as long as it is not active: nobody has proven it. */
MUST_CHECK bool store_refresh_ca_bundle(const struct store *store, uint32_t under_way, int64_t now,
    const struct distrust *distrust, struct error *error);

void generation_clear(struct generation *generation);
/* The certificates are shared: nobody changes one. False when there is no memory. */
MUST_CHECK bool generation_copy(const struct generation *from, struct generation *ret_copy);

DEFINE_SCOPED(store, struct store *, store_close)
__attribute__((unused)) static inline void scoped_destroy_generation(struct generation *generation)
{
	generation_clear(generation);
}
