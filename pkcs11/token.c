#include "pkcs11/token.h"

#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/field.h"
#include "pkcs11/module.h"
#include "pkcs11/slot_list.h"
#include "pkcs11/token_uri.h"

struct token {
	struct module *module;
	struct token_info info;
	CK_SESSION_HANDLE session;
	bool has_session;
	struct secret *pin; /* NULL as a rule */
};

bool token_find(struct module *module, const struct token_uri *uri, struct token **ret_token,
    struct error *error)
{
	scoped(token) struct token *token = calloc(1, sizeof(*token));

	if (!token)
		return error_set(error, ERROR_INTERNAL, "no memory for a token");
	token->module = module;
	if (!slot_list_find(module, uri, &token->info, error))
		return false;

	*ret_token = take(token);
	return true;
}

void token_close(struct token *token)
{
	if (!token)
		return;
	/* The session may be gone already: with the device, or with a signer that finalized. */
	if (token->has_session)
		token_functions(token)->C_CloseSession(token->session);
	secret_discard(token->pin);
	free(token);
}

void token_take_pin(struct token *token, struct secret *pin)
{
	secret_discard(token->pin);
	token->pin = pin;
}

const struct secret *token_pin(const struct token *token)
{
	return token->pin;
}

const struct token_info *token_info(const struct token *token)
{
	return &token->info;
}

bool token_look_again(struct token *token, struct error *error)
{
	CK_TOKEN_INFO now = { .flags = 0 };
	CK_RV result = token_functions(token)->C_GetTokenInfo(token->info.slot, &now);

	if (result != CKR_OK)
		return module_error(
		    error, result, "cannot look at the token %s", token_name(token));
	token->info.pin_count_low = now.flags & CKF_USER_PIN_COUNT_LOW;
	token->info.pin_final_try = now.flags & CKF_USER_PIN_FINAL_TRY;
	token->info.pin_locked = now.flags & CKF_USER_PIN_LOCKED;
	return true;
}

const char *token_name(const struct token *token)
{
	return token->info.label[0] != '\0' ? token->info.label : token->info.serial;
}

struct module *token_module(const struct token *token)
{
	return token->module;
}

CK_FUNCTION_LIST *token_functions(const struct token *token)
{
	return module_functions(token->module);
}

CK_SESSION_HANDLE token_session(const struct token *token)
{
	return token->session;
}

static bool session_failed(
    const struct token *token, CK_RV result, const char *which, struct error *error)
{
	return module_error(error, result, "cannot open %s session with the token %s%s", which,
	    token_name(token),
	    result == CKR_SESSION_COUNT
		? " (all are taken: let other programs close theirs, or allow more)"
		: "");
}

bool token_open_session(struct token *token, bool writable, struct error *error)
{
	CK_FLAGS flags = CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0);
	CK_RV result;

	if (token->has_session)
		return error_set(
		    error, ERROR_INTERNAL, "a second session with the token %s", token_name(token));
	result = token_functions(token)->C_OpenSession(
	    token->info.slot, flags, NULL, NULL, &token->session);
	if (result != CKR_OK)
		return session_failed(token, result, "a", error);
	token->has_session = true;
	return true;
}

bool token_try_session(const struct token *token, struct error *error)
{
	CK_SESSION_HANDLE session;
	CK_RV result = token_functions(token)->C_OpenSession(
	    token->info.slot, CKF_SERIAL_SESSION, NULL, NULL, &session);

	if (result != CKR_OK)
		return session_failed(token, result, "another", error);
	token_functions(token)->C_CloseSession(session);
	return true;
}

bool token_is_alive(const struct token *token)
{
	CK_SESSION_INFO info;

	return token_functions(token)->C_GetSessionInfo(token->session, &info) == CKR_OK;
}

static const struct {
	CK_RV result;
	enum token_login login;
	enum error_kind kind;
	const char *cure;
} refusals[] = {
	{ CKR_PIN_INCORRECT, TOKEN_LOGIN_REFUSED, ERROR_PIN, "mend the PIN before the next try" },
	{ CKR_PIN_INVALID, TOKEN_LOGIN_REFUSED, ERROR_PIN, "mend the PIN before the next try" },
	{ CKR_PIN_LEN_RANGE, TOKEN_LOGIN_REFUSED, ERROR_PIN, "mend the PIN before the next try" },
	{ CKR_PIN_LOCKED, TOKEN_LOGIN_LOCKED, ERROR_PIN, "the security officer has to unlock it" },
	{ CKR_PIN_EXPIRED, TOKEN_LOGIN_LOCKED, ERROR_PIN, "set a new PIN in the token" },
	{ CKR_USER_PIN_NOT_INITIALIZED, TOKEN_LOGIN_FAILED, ERROR_TOKEN,
	    "the security officer has to set the user's PIN" },
	{ CKR_FUNCTION_CANCELED, TOKEN_LOGIN_FAILED, ERROR_PIN,
	    "the entry at the PIN pad was cancelled" },
};

static bool login_failed(
    const struct token *token, CK_RV result, enum token_login *ret_login, struct error *error)
{
	for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
		if (refusals[i].result != result)
			continue;
		*ret_login = refusals[i].login;
		module_error(error, result, "cannot log in to the token %s (%s)", token_name(token),
		    refusals[i].cure);
		if (error)
			error->kind = refusals[i].kind;
		return false;
	}
	return module_error(error, result, "cannot log in to the token %s", token_name(token));
}

bool token_log_in(
    struct token *token, const struct secret *pin, enum token_login *ret_login, struct error *error)
{
	/* C_Login takes a pointer to bytes that it may change; no module does. */
	unsigned char *bytes = pin ? (unsigned char *)secret_bytes(pin) : NULL;
	CK_ULONG length = pin ? secret_length(pin) : 0;
	CK_RV result;

	*ret_login = TOKEN_LOGIN_FAILED;
	if (!pin && !token->info.pin_pad)
		return error_set(error, ERROR_PIN,
		    "the token %s has no PIN pad and no PIN was given", token_name(token));
	result = token_functions(token)->C_Login(token->session, CKU_USER, bytes, length);
	if (result != CKR_OK && result != CKR_USER_ALREADY_LOGGED_IN)
		return login_failed(token, result, ret_login, error);
	*ret_login = TOKEN_LOGIN_DONE;
	return true;
}
