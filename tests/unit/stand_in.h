#pragma once
/*
 * The stand-in Connector (tests/connector) as a child of a unit test, and a client it knows.
 * What goes wrong here fails the test.
 */
#include "tests/fakes/scratch_folder.h"
#include "transport/connector.h"
#include "transport/https.h"

#include <cjson/cJSON.h>
#include <sys/types.h>

struct stand_in {
	pid_t pid;
	char directory[SCRATCH_FOLDER_SIZE];
	cJSON *ready;                   /* as ready.json */
	struct https_settings settings; /* to reach it: 5 s */
	struct https_identity identity; /* that it knows */
};

void stand_in_start(struct stand_in *stand_in);
void stand_in_stop(struct stand_in *stand_in);
/* Clears faults and the list of calls, makes all as after the start. */
void stand_in_reset(struct stand_in *stand_in);
/* POST /settings */
void stand_in_set(const struct stand_in *stand_in, const char *settings);

/* "mtls_url", "token_url", "server_ca_file". Borrowed. */
const char *stand_in_text(const struct stand_in *stand_in, const char *name);
/* One request to the control port; body NULL: GET. The caller owns the answer. */
cJSON *stand_in_ask(
    const struct stand_in *stand_in, const char *method, const char *path, const char *body);
/* POST /fault for the operation; `more` are further members: ",\"seconds\":1". */
void stand_in_fault(
    const struct stand_in *stand_in, const char *operation, const char *kind, const char *more);

/* A key in software and a certificate request for it, as the stand-in wants its subject. */
EVP_PKEY *stand_in_make_key(void);
char *stand_in_make_request(EVP_PKEY *key, const char *subject);
/* A one-time token. */
struct secret *stand_in_token(const struct stand_in *stand_in);
/* Enrols the key, which the identity takes: stand_in_free_identity. */
struct https_identity stand_in_enroll(const struct stand_in *stand_in, EVP_PKEY *key);
void stand_in_free_identity(struct https_identity *identity);
