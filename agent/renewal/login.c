#include "agent/renewal/login.h"

#include "agent/policy.h"
#include "agent/renewal/audit_key.h"
#include "agent/renewal/key_role.h"
#include "agent/renewal/run.h"
#include "agent/state/latch.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"

struct pin_source login_pin_source(const struct identity_settings *settings)
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

bool login_open_latch(
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
	if (!login_open_latch(run, token, &latch, error) || !token_look_again(token, error)
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

bool login_run(struct run *run, struct token *token, const struct secret *pin,
    enum token_login *ret_login, struct error *error)
{
	const struct pin_source source = login_pin_source(run->settings);

	return log_in(run, token, pin, ret_login, error) || name_source(&source, error);
}

/* The key of an identity that may follow in this worker: there is no other look at it before its
   turn, and a PIN from a descriptor is gone by then. */
static bool is_of_another(const struct run *run, const struct key_pair *pair)
{
	char prefix[JOURNAL_LABEL_SIZE];

	(void)text_format(prefix, sizeof(prefix), POLICY_LABEL "%s/", store_tag(run->store));
	return run->job->others && text_starts_with(pair->label, prefix);
}

bool login_wants_pin_kept(
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

		if (!key_role_of(run, &pairs[i], &role, &generation, error))
			return false;
		/* That which is to be adopted may be any of them. */
		*ret_wanted = role != KEY_ROLE_LEFTOVER || run->job->task == JOB_ADOPT
			      || is_of_another(run, &pairs[i]);
	}
	return true;
}

bool login_keep_pin(struct run *run, struct token *token, struct secret **pin, struct error *error)
{
	bool wanted = false;

	if (!*pin || !run->store)
		return true;
	if (!login_wants_pin_kept(run, token, &wanted, error))
		return false;
	if (wanted)
		token_take_pin(token, take(*pin));
	return true;
}

bool login_look_at_latch(
    struct run *run, struct token *token, const struct secret *pin, struct error *error)
{
	scoped(latch) struct latch *latch = NULL;
	struct latch_flags flags;

	if (!login_open_latch(run, token, &latch, error) || !token_look_again(token, error))
		return false;
	flags = flags_of(token);
	return latch_look(
	    latch, &flags, pin ? secret_bytes(pin) : NULL, pin ? secret_length(pin) : 0, error);
}

const char *login_pin_cure(const struct run *run)
{
	return login_pin_source(run->settings).kind == PIN_DESCRIPTOR
		   ? ", and what pin_fd named has been read: run it again"
		   : "";
}
