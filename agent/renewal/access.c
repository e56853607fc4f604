#include "agent/renewal/access.h"

#include "agent/renewal/login.h"
#include "agent/renewal/run.h"
#include "agent/renewal/signers.h"
#include "agent/state/latch.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/module.h"
#include "pkcs11/pin.h"
#include "pkcs11/token.h"
#include "pkcs11/token_uri.h"

struct access {
	struct module *module;
	struct token *token;
	struct signers signers; /* opened when a key is loaded */
	bool inherited;         /* and not looked at since */
};

void access_close(struct access *access)
{
	if (!access)
		return;
	/* The order matters: see pkcs11/signer.h. */
	signers_close(&access->signers);
	token_close(access->token);
	module_close(access->module);
	free(access);
}

bool access_take(struct run *run, struct module *module, struct token *token, struct error *error)
{
	struct access *access = calloc(1, sizeof(*access));

	if (!access) {
		token_close(token);
		module_close(module);
		return error_set(error, ERROR_INTERNAL, "out of memory");
	}
	access->module = module;
	access->token = token;
	access->signers = (struct signers){ .token = token, .choice = run->settings->signer };
	run->access = access;
	return true;
}

static bool open_anew(struct run *run, struct error *error)
{
	scoped(module) struct module *module = NULL;
	scoped(token) struct token *token = NULL;
	scoped(secret) struct secret *pin = NULL;
	scoped(token_uri) struct token_uri *uri = NULL;
	const struct pin_source source = login_pin_source(run->settings);
	enum token_login login;

	run_note_step(run, run->settings->step_timeout, "opening the token");
	/* A PIN command forks, and nothing may fork after C_Initialize. */
	if (!pin_read(&source, &pin, error) || !token_uri_parse(run->settings->token, &uri, error)
	    || !module_open(run->settings->module, run->settings->module_init_args, &module, error)
	    || !token_find(module, uri, &token, error) || !token_open_session(token, true, error))
		return false;
	if (!pin && source.kind == PIN_NONE && token_info(token)->login_required)
		return error_set(error, ERROR_PIN,
		    "token %s wants a PIN and none is configured: set pin_file, pin_credential, "
		    "pin_fd, pin_command or pin_pad",
		    token_name(token));
	if (source.kind == PIN_PAD && !token_info(token)->pin_pad)
		return error_set(error, ERROR_PIN,
		    "token %s has no pin pad: set pin_file, pin_credential, pin_fd or pin_command",
		    token_name(token));
	return (!token_info(token)->login_required || login_run(run, token, pin, &login, error))
	       && login_keep_pin(run, token, &pin, error)
	       && access_take(run, take(module), take(token), error);
}

/* Time has passed since the job before, and it was about other keys. */
static bool look_at_inherited(struct run *run, struct error *error)
{
	struct token *token = run->access->token;
	const struct token_info *info = token_info(token);
	bool wanted = false;

	run_note_step(
	    run, run->settings->step_timeout, "going on with token %s", token_name(token));
	if (!token_is_alive(token))
		return error_set(error, ERROR_SESSION, "the session with the token %s has ended",
		    token_name(token));
	if (info->login_required && !info->pin_pad && !token_pin(token)
	    && !login_wants_pin_kept(run, token, &wanted, error))
		return false;
	if (wanted)
		return error_set(error, ERROR_SESSION,
		    "the token %s wants the PIN for each signature of this identity's keys%s",
		    token_name(token), login_pin_cure(run));
	run->access->inherited = false;
	return true;
}

/* A PIN that was refused is not even read again by this worker. */
bool access_open(struct run *run, struct error *error)
{
	if (run->access)
		return !run->access->inherited || look_at_inherited(run, error);
	if (run->refused && run->refused->kind != ERROR_NONE) {
		*error = *run->refused;
		run->outcome.latched = true;
		return false;
	}
	if (open_anew(run, error))
		return true;
	if (run->refused && run->outcome.latched)
		*run->refused = *error;
	return false;
}

void access_inherit(struct run *run, struct access *access)
{
	run->access = access;
	if (!access)
		return;
	access->inherited = true;
	signers_begin(&access->signers);
}

/* After an ERROR_INTERNAL nobody knows what state the module is in; after an ERROR_TOKEN a session
   may live on that knows nothing of a token which has come back. What could not be opened is tried
   again by a new process, for which a descriptor has no PIN. */
struct access *access_leave(struct run *run, bool *ret_good)
{
	const enum error_kind kind = run->outcome.error.kind;
	struct access *access = run->access;

	run->access = NULL;
	*ret_good = kind == ERROR_NONE || run->outcome.latched
		    || (access && kind != ERROR_SESSION && kind != ERROR_INTERNAL
			&& (kind != ERROR_TOKEN || run->settings->pin_fd >= 0));
	return access;
}

bool access_has_ended(const struct run *run, struct error *error)
{
	if (error->kind == ERROR_TOKEN && run->access && !token_is_alive(run->access->token))
		error->kind = ERROR_SESSION;
	return error->kind == ERROR_SESSION;
}

bool access_needs_login(const struct run *run, struct error *error)
{
	if (error->kind == ERROR_TOKEN && run->signer_failed && run->settings->pin_fd < 0)
		error->kind = ERROR_SESSION;
	return access_has_ended(run, error);
}

struct token *access_token(const struct run *run)
{
	return run->access->token;
}

bool access_load_key(
    struct run *run, const struct key_id *id, EVP_PKEY **ret_key, struct error *error)
{
	struct access *access = run->access;
	struct error unseen = ERROR_INIT;

	run->signer_failed = false;
	if (!signers_load_key(&access->signers, id, ret_key, error)) {
		run->signer_failed =
		    access->signers.served && signer_check_id(access->token, id, &unseen);
		return false;
	}
	(void)text_format(
	    run->outcome.signer, sizeof(run->outcome.signer), "%s", signers_name(&access->signers));
	return true;
}

bool access_makes_pss(const struct run *run)
{
	return signers_make_pss(&run->access->signers);
}

bool access_take_over(struct run *run, struct error *error)
{
	const bool at_fault = run->signature_failed;
	const char *failed;

	run->signature_failed = false;
	/* Without the session no signer does better, and another login does. */
	if (!at_fault || !token_is_alive(run->access->token))
		return false;
	failed = signers_name(&run->access->signers);
	error_prefix(
	    error, "the signer \"%s\" with the token %s", failed, token_name(run->access->token));
	if (!signers_take_over(&run->access->signers))
		return false;
	run_warn(run, "%s; \"%s\" takes over", error->message, signers_name(&run->access->signers));
	error_clear(error);
	return true;
}

bool access_alone(
    struct run *run, bool (*work)(struct run *run, struct error *error), struct error *error)
{
	scoped(latch) struct latch *latch = NULL;

	return login_open_latch(run, run->access->token, &latch, error) && work(run, error);
}
