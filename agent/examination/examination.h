#pragma once
/*
 * The worker's part of doctor: the token and the Connector, looked at step by step.
 *
 * Each check goes out as a note when it is done, so that what was found is known even if the
 * module hangs at the next one. Nothing is changed, with one exception that is a promise of its
 * own: the latch remembers a PIN that the token refuses, so that nobody tries it again. There is
 * one C_Login at most, and none when the token or the latch shows that a PIN was wrong.
 */
#include "agent/job/check.h"
#include "agent/renewal/connection.h"
#include "agent/renewal/run.h"
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <stdbool.h>

struct module;
struct secret;
struct token;

struct examination {
	struct run run; /* the store is NULL when there is none yet */
	struct check_list list;
	struct secret *pin;
	struct module *module; /* until the token is found: then the run's access has it */
	struct token *token;   /* borrowed from the run's access; NULL before */
	EVP_PKEY *key;         /* the active one, by the signer; NULL without */
	bool key_signs;        /* it has passed the self-test */
	struct connection connection;
	struct error answer; /* why the Connector's answer is none; ERROR_NONE */
};

/* For a call that the token refused: what it holds is not the fault. */
#define EXAMINATION_CURE_TOKEN                                                                     \
	"See whether the token and the module's own daemon are well, then run doctor again."

/* Runs all checks. False only when it cannot begin. */
MUST_CHECK bool examination_run(const struct job *job, int channel, struct error *error);

/* One function a check. It fills *check, whose id is set. */
void examine_pin_source(struct examination *examination, struct check *check);
void examine_module(struct examination *examination, struct check *check);
void examine_token(struct examination *examination, struct check *check);
void examine_pin_state(struct examination *examination, struct check *check);
void examine_pin_latch(struct examination *examination, struct check *check);
void examine_login(struct examination *examination, struct check *check);
void examine_key_generation(struct examination *examination, struct check *check);
void examine_sign_pkcs1(struct examination *examination, struct check *check);
void examine_sign_pss(struct examination *examination, struct check *check);
void examine_capacity(struct examination *examination, struct check *check);
void examine_key_attributes(struct examination *examination, struct check *check);
void examine_leftovers(struct examination *examination, struct check *check);
void examine_key_certificate(struct examination *examination, struct check *check);
void examine_signer(struct examination *examination, struct check *check);
void examine_self_test(struct examination *examination, struct check *check);
void examine_url(struct examination *examination, struct check *check);
void examine_name_resolution(struct examination *examination, struct check *check);
void examine_connection(struct examination *examination, struct check *check);
void examine_tls_version(struct examination *examination, struct check *check);
void examine_server_certificate(struct examination *examination, struct check *check);
void examine_acceptable_cas(struct examination *examination, struct check *check);
void examine_connector(struct examination *examination, struct check *check);
void examine_clock(struct examination *examination, struct check *check);

/* For a check of which there are several: sends this one; another may follow under its id. */
void examination_send(struct examination *examination, const struct check *check);
