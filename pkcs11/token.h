#pragma once
/*
 * One token: chosen by URI, looked at, logged in to once.
 *
 * A URI (RFC 7512) must name exactly one present token: none and several are both errors, which
 * list what is there. One read-write session is opened and kept to the end; there is one C_Login
 * and never a C_Logout or C_CloseAllSessions, because the signer lives on the same login.
 * Nothing here decides whether a PIN may be tried: the caller looks at the flags and the latch.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <p11-kit/pkcs11.h>
#include <stdbool.h>

struct module;
struct secret;
struct token;
struct token_uri;

struct token_info {
	/* Without the padding blanks; bytes that are not UTF-8 text become '?'. */
	char label[33];
	char manufacturer[33];
	char model[17];
	char serial[17];
	bool login_required;
	bool pin_pad; /* CKF_PROTECTED_AUTHENTICATION_PATH */
	bool pin_initialized;
	bool pin_count_low;
	bool pin_final_try;
	bool pin_locked;
	bool write_protected;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO raw; /* for matching: as the token gave it, but padded with blanks only */
};

enum token_login {
	TOKEN_LOGIN_DONE,
	TOKEN_LOGIN_REFUSED, /* CKR_PIN_INCORRECT and its kin: this PIN must not be tried again */
	TOKEN_LOGIN_LOCKED,  /* CKR_PIN_LOCKED, CKR_PIN_EXPIRED: no PIN must be tried */
	TOKEN_LOGIN_FAILED,  /* the token failed for another reason: the PIN was not judged */
};

/* The module must outlive the token. */
MUST_CHECK bool token_find(struct module *module, const struct token_uri *uri,
    struct token **ret_token, struct error *error);
void token_close(struct token *token); /* closes its session */

const struct token_info *token_info(const struct token *token); /* borrowed */
/* Makes the PIN flags of token_info() those of now. */
MUST_CHECK bool token_look_again(struct token *token, struct error *error);
/* As a message names it: the label, or the serial when it has none. Borrowed. */
const char *token_name(const struct token *token);
struct module *token_module(const struct token *token);
CK_FUNCTION_LIST *token_functions(const struct token *token); /* of its module */
CK_SESSION_HANDLE token_session(const struct token *token);

/* Opens the session. `writable` false: a read-only one, for looking only. */
MUST_CHECK bool token_open_session(struct token *token, bool writable, struct error *error);
/* Opens one more session and closes it: whether the token still answers and has room. */
MUST_CHECK bool token_try_session(const struct token *token, struct error *error);
/* False: the device was pulled out, a server has died, an idle session was ended. Nothing that came
   from the token in this process is good any more, the signer's session included. */
bool token_is_alive(const struct token *token);
/* One C_Login; pin NULL is the pin pad. *ret_login is set in any case. */
MUST_CHECK bool token_log_in(struct token *token, const struct secret *pin,
    enum token_login *ret_login, struct error *error);

/* For keys that want the PIN for each signature: takes it, and wipes it when the token is closed. */
void token_take_pin(struct token *token, struct secret *pin);
const struct secret *token_pin(const struct token *token); /* borrowed; NULL: none is kept */

DEFINE_SCOPED(token, struct token *, token_close)
