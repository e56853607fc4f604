#include "pkcs11/signer.h"

#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/key_pair_read.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/module.h"
#include "pkcs11/object.h"
#include "pkcs11/signer_backend.h"
#include "pkcs11/token.h"
#include "pkcs11/token_uri.h"

#include <openssl/ui.h>

static const struct signer_backend *const backends[SIGNER_KIND_COUNT] = {
	[SIGNER_PROVIDER] = &signer_provider,
	[SIGNER_ENGINE] = &signer_engine,
	[SIGNER_PKCS11PROV] = &signer_pkcs11prov,
};

struct signer {
	const struct signer_backend *backend;
	const struct token *token;
	void *state;
};

const char *signer_kind_name(enum signer_kind kind)
{
	return backends[kind]->name;
}

const char *signer_kind_package(enum signer_kind kind)
{
	return backends[kind]->package;
}

bool signer_kind_parse(const char *name, enum signer_kind *ret_kind)
{
	for (size_t i = 0; i < SIGNER_KIND_COUNT; i++) {
		if (!text_equal(backends[i]->name, name))
			continue;
		*ret_kind = (enum signer_kind)i;
		return true;
	}
	return false;
}

bool signer_open(enum signer_kind kind, struct token *token, struct signer **ret_signer,
    bool *ret_absent, struct error *error)
{
	scoped(signer) struct signer *signer = NULL;
	void *state = NULL;

	*ret_absent = false;
	/* Nothing in this process may ask at the terminal. */
	UI_set_default_method(UI_null());
	if (!backends[kind]->open(token, &state, ret_absent, error))
		return error_prefix(error, "the signer \"%s\"", backends[kind]->name);
	signer = calloc(1, sizeof(*signer));
	if (!signer) {
		backends[kind]->close(state);
		return error_set(error, ERROR_INTERNAL, "no memory for a signer");
	}
	signer->backend = backends[kind];
	signer->token = token;
	signer->state = state;

	*ret_signer = take(signer);
	return true;
}

void signer_close(struct signer *signer)
{
	if (!signer)
		return;
	signer->backend->close(signer->state);
	free(signer);
}

const char *signer_name(const struct signer *signer)
{
	return signer->backend->name;
}

bool signer_makes_pss(const struct signer *signer)
{
	struct error ignored = ERROR_INIT;
	enum mechanism by;

	if (!mechanism_find_pss(signer->token, &by, &ignored))
		return true;
	return by == MECHANISM_PSS || (by == MECHANISM_RAW && signer->backend->pads);
}

bool signer_check_id(const struct token *token, const struct key_id *id, struct error *error)
{
	scoped(object_list) struct object_list keys = { NULL, 0 };
	CK_RV result = object_find_class(token, CKO_PRIVATE_KEY, id, &keys);
	char text[KEY_ID_TEXT_SIZE];

	key_id_format(id, text);
	if (result != CKR_OK)
		return module_error(error, result, "cannot look for the key %s in the token %s",
		    text, token_name(token));
	if (keys.count == 0)
		return error_set(error, ERROR_TOKEN,
		    "the token %s has no private key with the id %s", token_name(token), text);
	if (keys.count != 1)
		return error_set(error, ERROR_TOKEN,
		    "the token %s has %zu private keys with the id %s, not "
		    "one: " KEY_PAIR_AMBIGUOUS_CURE,
		    token_name(token), keys.count, text);
	return true;
}

/* The backend found the key by a URI of its own understanding. */
static bool check_key(
    const struct signer *signer, const struct key_id *id, EVP_PKEY *key, struct error *error)
{
	scoped(EVP_PKEY) EVP_PKEY *expected = NULL;
	char text[KEY_ID_TEXT_SIZE];

	if (!key_pair_public_key(signer->token, id, &expected, error))
		return false;
	if (EVP_PKEY_eq(expected, key) == 1)
		return true;
	key_id_format(id, text);
	return error_set(error, ERROR_TOKEN, "the signer \"%s\" took another key for %s",
	    signer->backend->name, text);
}

/* Most tokens are not asked: where nobody types it, a PIN is kept if some key wants it. */
static bool check_pin(const struct signer *signer, const struct key_id *id, struct error *error)
{
	struct key_pair pair;

	if (signer->backend->answers_for_pin
	    || (!token_pin(signer->token) && !token_info(signer->token)->pin_pad))
		return true;
	if (!key_pair_find(signer->token, id, &pair, error))
		return false;
	if (pair.attributes.always_authenticate != KEY_ATTRIBUTE_TRUE)
		return true;
	return error_set(error, ERROR_TOKEN,
	    "the signer \"%s\" cannot be used with a key in the token %s that wants the PIN for "
	    "each "
	    "signature (CKA_ALWAYS_AUTHENTICATE): set signer = engine, or auto",
	    signer->backend->name, token_name(signer->token));
}

bool signer_load_key(
    struct signer *signer, const struct key_id *id, EVP_PKEY **ret_key, struct error *error)
{
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	scoped(char) char *uri = NULL;

	if (!signer_check_id(signer->token, id, error) || !check_pin(signer, id, error))
		return false;
	/* By the id alone: a label adds nothing, and not every backend compares it. */
	if (!key_uri_format(token_info(signer->token), id, NULL, &uri, error))
		return false;
	if (!signer->backend->load(signer->state, uri, &key, error))
		return error_prefix(error, "the signer \"%s\" (package %s)", signer->backend->name,
		    signer->backend->package);
	if (!check_key(signer, id, key, error))
		return false;

	*ret_key = take(key);
	return true;
}
