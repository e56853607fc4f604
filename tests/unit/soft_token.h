#pragma once
/*
 * A throw-away SoftHSM token for a test program, and the means to put things into it that
 * pkcs11/ would not.
 */
#include "pkcs11/key_pair.h"
#include "tests/fakes/scratch_folder.h"

#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>

#define SOFT_TOKEN_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define SOFT_TOKEN_URI "pkcs11:token=fleet"

struct module;
struct token;

struct soft_token {
	char folder[SCRATCH_FOLDER_SIZE];
	char pin_file[80];
	struct module *module; /* NULL until it is opened */
	struct token *token;
};

/* Group set-up: *state becomes the struct soft_token; the environment names the token. */
int soft_token_make(void **state);
/* The same, opened and logged in to. */
int soft_token_make_and_open(void **state);
int soft_token_remove(void **state);

/* A further token in the same folder. Not while the module is open. */
#define SOFT_TOKEN_ADDED_PIN "24681357"
void soft_token_add(const struct soft_token *soft, const char *label);

/* Opens, finds, logs in; fails the test when that fails. */
void soft_token_open(struct soft_token *soft, const char *module);
MUST_CHECK bool soft_token_try_to_open(
    struct soft_token *soft, const char *module, struct error *error);
void soft_token_close(struct soft_token *soft);
/* What was seen before is seen by nobody after: every object is destroyed. */
int soft_token_empty(void **state);

size_t soft_token_count(const struct soft_token *soft);
/* An object of the class by id; fails the test when there is not exactly one. */
CK_OBJECT_HANDLE soft_token_object(
    const struct soft_token *soft, CK_OBJECT_CLASS class, const struct key_id *id);
void soft_token_destroy_object(const struct soft_token *soft, CK_OBJECT_HANDLE object);
/* id and label NULL: empty ones. */
CK_OBJECT_HANDLE soft_token_create_public_key(const struct soft_token *soft,
    const struct key_id *id, const char *label, const unsigned char *modulus, size_t length);
CK_OBJECT_HANDLE soft_token_create_private_key(const struct soft_token *soft,
    const struct key_id *id, const char *label, const unsigned char *modulus, size_t length);
/* As another program would: sensitive, extractable and sign as given. */
void soft_token_generate_otherwise(const struct soft_token *soft, const struct key_id *id,
    bool sensitive, bool extractable, bool sign);
