#include "agent/renewal/access.h"

#include "agent/policy.h"
#include "agent/renewal/audit_key.h"
#include "agent/renewal/leftovers.h"
#include "agent/renewal/run.h"
#include "agent/renewal/signers.h"
#include "agent/state/latch.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"
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

struct pin_source access_pin_source(const struct identity_settings *settings)
{
	if (settings->pin_file)
		return (struct pin_source){ PIN_FILE, settings->pin_file, -1 };
	if (settings->pin_credential)
		return (struct pin_source){ PIN_CREDENTIAL, settings->pin_credential, -1 };
	if (settings->pin_command)
		return (struct pin_source){ PIN_COMMAND, settings->pin_command, -1 };
	if (settings->pin_fd >= 0)
		return (struct pin_source){ PIN_DESCRIPTOR, NULL, settings->pin_fd };
	if (settings->pin_pad)
		return (struct pin_source){ PIN_PAD, NULL, -1 };
	return (struct pin_source){ PIN_NONE, NULL, -1 };
}

/* Whatever refuses a PIN, token or latch: where it came from is where it is mended. */
static bool name_source(const struct pin_source *source, struct error *error)
{
	char what[PIN_SOURCE_TEXT_SIZE];

	pin_source_describe(source, what);
	return error->kind == ERROR_PIN && what[0] ? error_prefix(error, "%s", what) : false;
}

static bool open_latch(
    struct run *run, const struct token *token, struct latch **ret_latch, struct error *error)
{
	const struct token_info *info = token_info(token);
	const struct latch_token latch_token = {
		.manufacturer = info->manufacturer,
		.model = info->model,
		.serial = info->serial,
		.label = info->label,
	};

	if (run->job->task == JOB_DOCTOR)
		return latch_open_now(
		    run->settings->state_directory, &latch_token, ret_latch, error);
	/* Another identity may be generating its key under the token's lock. */
	run_note_step(
	    run, run->settings->key_generation_timeout, "waiting for token %s", token_name(token));
	return latch_open(run->settings->state_directory, &latch_token, ret_latch, error);
}

/* The latch learns what became of the PIN, whatever else went wrong. */
static bool settle_latch(
    struct latch *latch, enum token_login login, const struct secret *pin, struct error *error)
{
	switch (login) {
	case TOKEN_LOGIN_DONE:
		return latch_accepted(latch, error);
	case TOKEN_LOGIN_REFUSED:
		return latch_refused(
		    latch, pin ? secret_bytes(pin) : NULL, pin ? secret_length(pin) : 0, error);
	case TOKEN_LOGIN_LOCKED:
	case TOKEN_LOGIN_FAILED:
		break;
	}
	return latch_not_judged(latch, error);
}

static struct latch_flags flags_of(const struct token *token)
{
	const struct token_info *info = token_info(token);

	return (struct latch_flags){
		.count_low = info->pin_count_low,
		.final_try = info->pin_final_try,
		.locked = info->pin_locked,
	};
}

static bool check_latch(struct run *run, const struct token *token, struct latch *latch,
    const struct secret *pin, struct error *error)
{
	const struct latch_flags flags = flags_of(token);
	bool may = latch_check(latch, &flags, pin ? secret_bytes(pin) : NULL,
	    pin ? secret_length(pin) : 0, run->job->retry_pin, error);

	if (latch_has_closed(latch))
		audit_pin_latched(run, token_info(token), true);
	if (may)
		return true;
	run->outcome.latched = error->kind == ERROR_PIN;
	return false;
}

static bool log_in(struct run *run, struct token *token, const struct secret *pin,
    enum token_login *ret_login, struct error *error)
{
	scoped(latch) struct latch *latch = NULL;
	struct error settling = ERROR_INIT;

	*ret_login = TOKEN_LOGIN_FAILED;
	/* Looked at again under the lock: another run may have had a PIN refused meanwhile. */
	if (!open_latch(run, token, &latch, error) || !token_look_again(token, error)
	    || !check_latch(run, token, latch, pin, error) || !latch_trying(latch, error))
		return false;

	run_note_step(
	    run, run->settings->step_timeout, "logging in to token %s", token_name(token));
	if (!token_log_in(token, pin, ret_login, error)) {
		if (*ret_login == TOKEN_LOGIN_REFUSED)
			audit_pin_latched(run, token_info(token), false);
		/* Its own failure must not hide that of the login; the mark `trying` stays then. */
		(void)!settle_latch(latch, *ret_login, pin, &settling);
		run->outcome.latched = *ret_login == TOKEN_LOGIN_REFUSED;
		return false;
	}
	return settle_latch(latch, *ret_login, pin, error);
}

/* The key of an identity that may follow in this worker: there is no other look at it before its
   turn, and a PIN from a descriptor is gone by then. */
static bool is_of_another(const struct run *run, const struct key_pair *pair)
{
	char prefix[JOURNAL_LABEL_SIZE];

	(void)text_format(prefix, sizeof(prefix), POLICY_LABEL "%s/", store_tag(run->store));
	return run->job->others && text_starts_with(pair->label, prefix);
}

/* Is there a key among those that this run may use? */
static bool wants_pin_kept(
    const struct run *run, const struct token *token, bool *ret_wanted, struct error *error)
{
	scoped(key_pair_list) struct key_pair *pairs = NULL;
	enum key_role role = KEY_ROLE_LEFTOVER;
	size_t count = 0;

	*ret_wanted = false;
	if (!key_pair_list_wanting_pin(token, &pairs, &count, error))
		return false;
	for (size_t i = 0; i < count && !*ret_wanted; i++) {
		uint32_t generation;

		if (!leftovers_role(run, &pairs[i], &role, &generation, error))
			return false;
		/* That which is to be adopted may be any of them. */
		*ret_wanted = role != KEY_ROLE_LEFTOVER || run->job->task == JOB_ADOPT
			      || is_of_another(run, &pairs[i]);
	}
	return true;
}

/* The PIN goes with the login, but for keys that want it again for each signature. */
static bool keep_pin_if_wanted(
    struct run *run, struct token *token, struct secret **pin, struct error *error)
{
	bool wanted = false;

	if (!*pin)
		return true;
	if (!wants_pin_kept(run, token, &wanted, error))
		return false;
	if (wanted)
		token_take_pin(token, take(*pin));
	return true;
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
	const struct pin_source source = access_pin_source(run->settings);
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
	if (token_info(token)->login_required && !log_in(run, token, pin, &login, error))
		return name_source(&source, error);
	return keep_pin_if_wanted(run, token, &pin, error)
	       && access_take(run, take(module), take(token), error);
}

const char *access_pin_cure(const struct run *run)
{
	return access_pin_source(run->settings).kind == PIN_DESCRIPTOR
		   ? ", and what pin_fd named has been read: run it again"
		   : "";
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
	    && !wants_pin_kept(run, token, &wanted, error))
		return false;
	if (wanted)
		return error_set(error, ERROR_SESSION,
		    "the token %s wants the PIN for each signature of this identity's keys%s",
		    token_name(token), access_pin_cure(run));
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

bool access_look_at_latch(struct run *run, const struct secret *pin, struct error *error)
{
	scoped(latch) struct latch *latch = NULL;
	struct latch_flags flags;

	if (!open_latch(run, run->access->token, &latch, error)
	    || !token_look_again(run->access->token, error))
		return false;
	flags = flags_of(run->access->token);
	return latch_look(
	    latch, &flags, pin ? secret_bytes(pin) : NULL, pin ? secret_length(pin) : 0, error);
}

bool access_log_in(
    struct run *run, struct secret **pin, enum token_login *ret_login, struct error *error)
{
	const struct pin_source source = access_pin_source(run->settings);

	if (!log_in(run, run->access->token, *pin, ret_login, error))
		return name_source(&source, error);
	return access_keep_pin(run, pin, error);
}

bool access_keep_pin(struct run *run, struct secret **pin, struct error *error)
{
	return !run->store || keep_pin_if_wanted(run, run->access->token, pin, error);
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
	error_prefix(error, "the signer \"%s\"", failed);
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

	return open_latch(run, run->access->token, &latch, error) && work(run, error);
}
