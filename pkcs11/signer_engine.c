#include "base/scoped.h"
#include "pkcs11/module.h"
#include "pkcs11/signer_backend.h"
#include "pkcs11/token.h"

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/ui.h>

#define PACKAGE "libengine-pkcs11-openssl"

struct engine_state {
	ENGINE *engine;
	UI_METHOD *refusal;
};

/* Without ENGINE_finish: when the engine has touched the token but loaded no key, it would finalize
   the module under its owner's feet; once a key was loaded, the engine and the key hold each
   other, and it would do nothing. What stays ends with the process. */
static void engine_close(void *state)
{
	struct engine_state *engine = state;

	ENGINE_free(engine->engine);
	UI_destroy_method(engine->refusal);
	free(engine);
}

DEFINE_SCOPED(engine_state, struct engine_state *, engine_close)

/* The engine asks for a PIN when it does not find a key: by the terminal, or, with UI_null(), it
   takes the empty answer for a PIN and tries it. Only a UI that cannot be opened stops it. */
static int refuse_to_open(UI *ui)
{
	(void)ui;
	return 0;
}

static bool make_refusal(struct engine_state *state, struct error *error)
{
	state->refusal = UI_create_method("no PIN is given to the engine");
	if (!state->refusal || UI_method_set_opener(state->refusal, refuse_to_open) != 0)
		return error_set_openssl(error, ERROR_INTERNAL, "cannot make a UI method");
	UI_set_default_method(UI_null());
	return true;
}

/* libp11 0.4.12 and 0.4.13 wait for ever when C_OpenSession fails. The owner's own session has
   shown that it can succeed; that there is room for a second one is asked here, which costs no
   session. Against the rest the caller has a deadline. */
static bool check_session_room(const struct token *token, struct error *error)
{
	CK_TOKEN_INFO now;
	CK_RV result = token_functions(token)->C_GetTokenInfo(token_info(token)->slot, &now);

	if (result != CKR_OK)
		return module_error(
		    error, result, "the token %s does not answer", token_name(token));
	if (now.ulMaxSessionCount == CK_EFFECTIVELY_INFINITE
	    || now.ulMaxSessionCount == CK_UNAVAILABLE_INFORMATION
	    || now.ulSessionCount == CK_UNAVAILABLE_INFORMATION)
		return true;
	if (now.ulSessionCount < now.ulMaxSessionCount)
		return true;
	return error_set(error, ERROR_TOKEN,
	    "all %lu sessions of the token %s are taken, and one more is needed",
	    now.ulMaxSessionCount, token_name(token));
}

static bool find_engine(struct engine_state *state, struct error *error)
{
	OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_DYNAMIC, NULL);
	ERR_clear_error();
	/* Looks in the folder of OpenSSL's engines too. */
	state->engine = ENGINE_by_id("pkcs11");
	if (!state->engine)
		return error_set_openssl(
		    error, ERROR_TOKEN, "cannot load the engine \"pkcs11\": install " PACKAGE);
	/* Else the next library that loads OpenSSL's engines (libcurl does) makes this one the
	   default for every RSA key of the process, those in software too. */
	if (!ENGINE_set_flags(
		state->engine, ENGINE_get_flags(state->engine) | ENGINE_FLAGS_NO_REGISTER_ALL))
		return error_set_openssl(error, ERROR_INTERNAL, "cannot keep the engine to itself");
	return true;
}

/* The controls come before ENGINE_init, which is where the engine may load its module. */
static bool set_up(struct engine_state *state, const char *module, struct error *error)
{
	if (!ENGINE_ctrl_cmd_string(state->engine, "MODULE_PATH", module, 0)
	    /* A failed load would print the whole URI. */
	    || !ENGINE_ctrl_cmd_string(state->engine, "QUIET", NULL, 0))
		return error_set_openssl(error, ERROR_TOKEN,
		    "the engine \"pkcs11\" is not the one of libp11 (package " PACKAGE ")");
	if (!ENGINE_init(state->engine))
		return error_set_openssl(
		    error, ERROR_TOKEN, "cannot initialize the engine \"pkcs11\"");
	return true;
}

static bool engine_open(const struct token *token, void **ret_state, struct error *error)
{
	scoped(engine_state) struct engine_state *state = calloc(1, sizeof(*state));

	if (!state)
		return error_set(error, ERROR_INTERNAL, "no memory for the engine");
	if (!check_session_room(token, error) || !make_refusal(state, error)
	    || !find_engine(state, error)
	    || !set_up(state, module_path(token_module(token)), error))
		return false;

	*ret_state = take(state);
	return true;
}

static bool engine_load(void *state, const char *uri, EVP_PKEY **ret_key, struct error *error)
{
	const struct engine_state *engine = state;
	EVP_PKEY *key;

	ERR_clear_error();
	key = ENGINE_load_private_key(engine->engine, uri, engine->refusal, NULL);
	if (!key)
		return error_set_openssl(
		    error, ERROR_TOKEN, "cannot load the key %s (package " PACKAGE ")", uri);
	*ret_key = key;
	return true;
}

const struct signer_backend signer_engine = {
	.name = "engine",
	.open = engine_open,
	.load = engine_load,
	.close = engine_close,
};
