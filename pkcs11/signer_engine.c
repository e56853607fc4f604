#include "base/scoped.h"
#include "base/secret.h"
#include "pkcs11/module.h"
#include "pkcs11/signer_backend.h"
#include "pkcs11/token.h"

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/ui.h>

#define PACKAGE "libengine-pkcs11-openssl"

/* Without ENGINE_finish: when the engine has touched the token but loaded no key, it would finalize
   the module under its owner's feet; once a key was loaded, the engine and the key hold each
   other, and it would do nothing. What stays ends with the process. */
static void engine_close(void *state)
{
	ENGINE_free(state);
}

DEFINE_SCOPED(ENGINE, ENGINE *, engine_close)

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
	    "all %lu sessions of the token %s are taken, and one more is needed: let other "
	    "programs close theirs, or allow more",
	    now.ulMaxSessionCount, token_name(token));
}

static bool find_engine(ENGINE **ret_engine, bool *ret_absent, struct error *error)
{
	OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_DYNAMIC, NULL);
	ERR_clear_error();
	/* Looks in the folder of OpenSSL's engines too. */
	*ret_engine = ENGINE_by_id("pkcs11");
	*ret_absent = !*ret_engine;
	if (!*ret_engine)
		return error_set_openssl(
		    error, ERROR_TOKEN, "cannot load the engine \"pkcs11\", install " PACKAGE);
	/* Else the next library that loads OpenSSL's engines (libcurl does) makes this one the
	   default for every RSA key of the process, those in software too. */
	if (!ENGINE_set_flags(
		*ret_engine, ENGINE_get_flags(*ret_engine) | ENGINE_FLAGS_NO_REGISTER_ALL))
		return error_set_openssl(error, ERROR_INTERNAL, "cannot keep the engine to itself");
	return true;
}

/* What libp11 asks when a key wants the PIN for each signature. UI_set_result copies the answer,
   and libp11 wipes its copy; it takes 4 to 32 characters. */
static int answer_with_pin(UI *ui, UI_STRING *question)
{
	const struct secret *pin = UI_get0_user_data(ui);

	if (UI_get_string_type(question) != UIT_PROMPT)
		return 1;
	return UI_set_result(ui, question, secret_bytes(pin)) == 0;
}

/* For signatures only: a key is loaded with a UI_METHOD that refuses. */
static bool set_up_pin(ENGINE *engine, const struct secret *pin, struct error *error)
{
	UI_METHOD *method = UI_create_method("the token's PIN");

	/* Never destroyed: the engine, which is never finished, keeps it. */
	if (!method || UI_method_set_reader(method, answer_with_pin) != 0
	    || !ENGINE_ctrl(engine, ENGINE_CTRL_SET_USER_INTERFACE, 0, method, NULL)
	    || !ENGINE_ctrl(engine, ENGINE_CTRL_SET_CALLBACK_DATA, 0, (void *)pin, NULL)) {
		UI_destroy_method(method);
		return error_set_openssl(error, ERROR_INTERNAL,
		    "the engine \"pkcs11\" takes no PIN for a key that wants it");
	}
	return true;
}

/* The controls come before ENGINE_init, which is where the engine may load its module. */
static bool set_up(ENGINE *engine, const struct token *token, struct error *error)
{
	const char *module = module_path(token_module(token));

	if (token_pin(token) && !set_up_pin(engine, token_pin(token), error))
		return false;
	if (!ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", module, 0)
	    /* A failed load would print the whole URI. */
	    || !ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 0))
		return error_set_openssl(error, ERROR_TOKEN,
		    "the engine \"pkcs11\" is not the one of libp11 (package " PACKAGE ")");
	if (!ENGINE_init(engine))
		return error_set_openssl(
		    error, ERROR_TOKEN, "cannot initialize the engine \"pkcs11\"");
	return true;
}

static bool engine_open(
    const struct token *token, void **ret_state, bool *ret_absent, struct error *error)
{
	scoped(ENGINE) ENGINE *engine = NULL;

	if (!check_session_room(token, error) || !find_engine(&engine, ret_absent, error)
	    || !set_up(engine, token, error))
		return false;

	*ret_state = take(engine);
	return true;
}

static bool engine_load(void *state, const char *uri, EVP_PKEY **ret_key, struct error *error)
{
	EVP_PKEY *key;

	ERR_clear_error();
	/* When the engine does not find the key it wants to log in and asks for a PIN. UI_null
	   cancels the question, so that it gives up before C_Login. */
	key = ENGINE_load_private_key(state, uri, (UI_METHOD *)UI_null(), NULL);
	if (!key)
		return error_set_openssl(error, ERROR_TOKEN, "cannot load the key %s", uri);
	*ret_key = key;
	return true;
}

const struct signer_backend signer_engine = {
	.name = "engine",
	.package = PACKAGE,
	.answers_for_pin = true,
	.pads = true,
	.open = engine_open,
	.load = engine_load,
	.close = engine_close,
};
