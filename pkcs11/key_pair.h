#pragma once
/*
 * RSA key pairs in the token: made with an exact template, read back, destroyed.
 *
 * A pair is one private and one public object with the same CKA_ID (and label). Generation is
 * not atomic in real tokens: what a kill leaves is a pair that is not whole, or objects without
 * id and modulus, which another program's key in the making resembles. This module tells these
 * apart; whose they are is for the caller to know. All need a token that is logged in to.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#define KEY_ID_SIZE_MAX 32
#define KEY_ID_TEXT_SIZE (2 * KEY_ID_SIZE_MAX + 1)
#define KEY_LABEL_SIZE 160

struct token;

struct key_id {
	unsigned char bytes[KEY_ID_SIZE_MAX];
	size_t length;
};

bool key_id_equal(const struct key_id *a, const struct key_id *b);
void key_id_format(const struct key_id *id, char text[KEY_ID_TEXT_SIZE]); /* lower case hex */
MUST_CHECK bool key_id_parse(const char *text, struct key_id *ret_id);

/* KEY_ATTRIBUTE_UNKNOWN: the token does not know the attribute or does not tell it. */
enum key_attribute { KEY_ATTRIBUTE_FALSE, KEY_ATTRIBUTE_TRUE, KEY_ATTRIBUTE_UNKNOWN };

/* The private object's attributes as the token reports them (PKCS#11 2.40, 4.9). */
struct key_attributes {
	enum key_attribute token, private_object, sensitive, extractable, always_sensitive,
	    never_extractable, local, sign, decrypt, unwrap, sign_recover, derive,
	    always_authenticate;
};

enum key_pair_state {
	KEY_PAIR_ABSENT,
	KEY_PAIR_WHOLE,   /* one private and one public object, equal modulus and exponent; a
			       private one may keep its modulus to itself */
	KEY_PAIR_PRIVATE, /* no public object; the private one tells modulus and exponent: whole in
			       a token that keeps no public objects, else cut */
	KEY_PAIR_HALF,    /* something is missing, empty or unequal */
	KEY_PAIR_AMBIGUOUS, /* two private or two public objects with the id */
};

struct key_pair {
	struct key_id id;
	char label[KEY_LABEL_SIZE]; /* of the private object, or the public one's */
	enum key_pair_state state;
	unsigned bits;          /* of the modulus; 0 unknown */
	unsigned long exponent; /* public; 0 unknown or longer than 64 bits */
	struct key_attributes attributes;
};

/* Whether there is a private object with this id, whatever it is. */
MUST_CHECK bool key_pair_has_private(
    const struct token *token, const struct key_id *id, bool *ret_has, struct error *error);
/* ERROR_TOKEN with the token's range when it cannot make RSA keys of this size. */
MUST_CHECK bool key_pair_check_bits(const struct token *token, unsigned bits, struct error *error);
/* C_GenerateKeyPair: TOKEN, PRIVATE, SENSITIVE, SIGN; not EXTRACTABLE, DECRYPT, UNWRAP,
   SIGN_RECOVER, DERIVE; public VERIFY, e = 65537. Tried once more without the usage-FALSE
   attributes where a token refuses them. Does not look at the result: key_pair_find does.
   ERROR_CAPACITY: the token is full.
   ERROR_SESSION: the session ended meanwhile, which says nothing of the key: it may be there. */
MUST_CHECK bool key_pair_generate(const struct token *token, const struct key_id *id,
    const char *label, unsigned bits, struct error *error);
/* What is there under this id; *ret_pair->state says what. */
MUST_CHECK bool key_pair_find(const struct token *token, const struct key_id *id,
    struct key_pair *ret_pair, struct error *error);
/* Whether the pair may be used: whole or KEY_PAIR_PRIVATE, exactly `bits`, e = 65537, on the token,
   SENSITIVE and not EXTRACTABLE as read back (unknown is not enough), may sign. ERROR_TOKEN names
   what is wrong. bits 0: any size from 2048. */
MUST_CHECK bool key_pair_check(const struct key_pair *pair, unsigned bits, struct error *error);
/* The public half as a software key, also of a private key that has no public object (its modulus
   is in both). Owned. */
MUST_CHECK bool key_pair_public_key(
    const struct token *token, const struct key_id *id, EVP_PKEY **ret_key, struct error *error);
/* Destroys the private and public objects with this id whose label starts with `label_prefix` or is
   empty, private first: an id may be another program's too. Absent is fine; *ret_destroyed counts
   objects and may be NULL. Looks again afterwards. */
MUST_CHECK bool key_pair_destroy(const struct token *token, const struct key_id *id,
    const char *label_prefix, size_t *ret_destroyed, struct error *error);

/* All pairs of the token whose label starts with `label_prefix`, in the order of their labels.
   Owned: free(). At most KEY_PAIR_LIST_MAX, more is an error. */
#define KEY_PAIR_LIST_MAX 4096
MUST_CHECK bool key_pair_list(const struct token *token, const char *label_prefix,
    struct key_pair **ret_pairs, size_t *ret_count, struct error *error);

/* The private keys that want the PIN again for each signature (CKA_ALWAYS_AUTHENTICATE), whosever
   they are: of each its id and its label, and nothing else, since what others keep there may be
   more, or larger, than what is read of our own. Owned: free(). */
MUST_CHECK bool key_pair_list_wanting_pin(
    const struct token *token, struct key_pair **ret_pairs, size_t *ret_count, struct error *error);

DEFINE_SCOPED(key_pair_list, struct key_pair *, free)
