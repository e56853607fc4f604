#include "agent/examination/examination.h"
#include "agent/renewal/login.h"
#include "base/file.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/pin.h"
#include "pkcs11/token.h"

#define CURE_FINAL_TRY                                                                             \
	"Make sure that the PIN is right, then run once: renew --dry-run --retry-pin (without a "  \
	"certificate: enroll --retry-pin)"
#define CURE_SIZE sizeof(((struct check *)0)->cure)

static const char *const source_names[] = {
	[PIN_NONE] = "none is configured",
	[PIN_FILE] = "pin_file",
	[PIN_CREDENTIAL] = "pin_credential",
	[PIN_DESCRIPTOR] = "pin_fd",
	[PIN_COMMAND] = "pin_command",
	[PIN_PAD] = "the token's own pin pad",
};

static const char *const source_cures[] = {
	[PIN_FILE] = "Put the PIN where pin_file says: mode 0600, of root or the agent's user.",
	[PIN_CREDENTIAL] = "Let the unit load the credential: LoadCredential=NAME:FILE.",
	[PIN_DESCRIPTOR] = "Let the caller open the descriptor that pin_fd names.",
	[PIN_COMMAND] = "Run the command of pin_command by hand, as the agent's user.",
	[PIN_PAD] = NULL,
};

/* The source's name follows. */
static const char *const new_pin[] = {
	[PIN_NONE] = "Keep it",
	[PIN_FILE] = "Write it to ",
	[PIN_CREDENTIAL] = "Make it the credential ",
	[PIN_DESCRIPTOR] = "Hand it over by pin_fd",
	[PIN_COMMAND] = "Let it be what this prints: ",
	[PIN_PAD] = "Type it at the pin pad from then on",
};

void examine_pin_source(struct examination *examination, struct check *check)
{
	const struct pin_source source = login_pin_source(examination->run.settings);
	struct error error = ERROR_INIT;

	if (!pin_read(&source, &examination->pin, &error)) {
		check_set_failed(check, source_cures[source.kind], &error);
		return;
	}
	if (examination->pin && source.kind != PIN_DESCRIPTOR)
		check_set_ok(check, "read from %s %s", source_names[source.kind], source.name);
	else
		check_set_ok(check, "%s", source_names[source.kind]);
}

/* What the security officer does, and what becomes of the new PIN then. */
static void cure_lock(const struct examination *examination, char cure[CURE_SIZE])
{
	const struct identity_settings *settings = examination->run.settings;
	const struct pin_source source = login_pin_source(settings);
	const char *named = source.name ? source.name : "";
	char tool[CURE_SIZE / 2] = "with the token's own tool";

	if (!settings->module_init_args) /* with them only the token's own tool gets in */
		(void)text_format(tool, sizeof(tool),
		    "pkcs11-tool --module %s --slot 0x%lx --login --login-type so --init-pin",
		    settings->module, token_info(examination->token)->slot);
	text_format(cure, CURE_SIZE,
	    "Only the token's security officer unlocks it, by a new PIN: %s. %s%s; then run doctor "
	    "again.",
	    tool, new_pin[source.kind], named);
}

static void fail_pin(
    struct check *check, enum error_kind kind, const char *cure, const char *message)
{
	struct error error = ERROR_INIT;

	(void)error_set(&error, kind, "%s", message);
	check_set_failed(check, cure, &error);
}

/* Is there a way in at all? */
static bool check_way(const struct examination *examination, struct check *check)
{
	const struct token_info *info = token_info(examination->token);
	enum pin_source_kind kind = login_pin_source(examination->run.settings).kind;

	if (kind == PIN_NONE)
		fail_pin(check, ERROR_PIN,
		    "Set pin_file, pin_credential, pin_fd, pin_command or pin_pad.",
		    "the token wants a PIN and none is configured");
	else if (kind == PIN_PAD && !info->pin_pad)
		fail_pin(check, ERROR_PIN,
		    "Set pin_file, pin_credential, pin_fd or pin_command instead of pin_pad.",
		    "the token has no pin pad");
	else
		return true;
	return false;
}

void examine_pin_state(struct examination *examination, struct check *check)
{
	const struct token_info *info = token_info(examination->token);
	char lock[CURE_SIZE];

	if (!info->login_required) {
		check_set_ok(check, "the token wants no login");
		return;
	}
	if (!check_way(examination, check))
		return;
	cure_lock(examination, lock);
	if (info->pin_locked)
		fail_pin(check, ERROR_PIN, lock,
		    "the token has locked its PIN after too many wrong ones");
	else if (info->pin_final_try)
		fail_pin(check, ERROR_PIN, CURE_FINAL_TRY,
		    "one more wrong PIN locks the token, so none is tried");
	else if (info->pin_count_low)
		check_set_warning(check,
		    "If the PIN has been mended since, the next renewal tries it; doctor does not "
		    "use up a try.",
		    "a wrong PIN was tried, and no right one since");
	else if (!info->pin_initialized) /* some modules never set the flag */
		check_set_warning(check,
		    "Let the security officer set the user's PIN, if the login fails.",
		    "the token says that its user has no PIN yet");
	else
		check_set_ok(check, "the token shows no wrong PIN");
}

static const char *latch_cure(
    const struct examination *examination, enum error_kind kind, char lock[CURE_SIZE])
{
	const struct token_info *info = token_info(examination->token);

	if (kind != ERROR_PIN)
		return "Let the agent's user write to the state directory.";
	cure_lock(examination, lock);
	if (info->pin_locked)
		return lock;
	return info->pin_final_try ? CURE_FINAL_TRY
				   : "Mend the PIN; one that was changed is tried by itself.";
}

/* The latch lives in the state directory; before the first enrolment there may be none. */
void examine_pin_latch(struct examination *examination, struct check *check)
{
	const char *path = examination->run.settings->state_directory;
	struct error error = ERROR_INIT;
	scoped(fd) int folder = -1;
	char lock[CURE_SIZE];

	if (!token_info(examination->token)->login_required) {
		check_set_ok(check, "the token wants no login");
		return;
	}
	if (!folder_open(path, &folder, &error)) {
		check_set_skipped(check,
		    "there is no place yet to remember a refused PIN in, so none is tried: %s",
		    error.message);
		return;
	}
	if (login_look_at_latch(&examination->run, examination->token, examination->pin, &error))
		check_set_ok(check, "no run remembers that this PIN was refused");
	else if (error.kind == ERROR_BUSY)
		check_set_skipped(check, "%s", error.message);
	else
		check_set_failed(check, latch_cure(examination, error.kind, lock), &error);
}

static const char *login_cure(const struct examination *examination, const struct error *error,
    enum token_login login, char lock[CURE_SIZE])
{
	if (login == TOKEN_LOGIN_LOCKED) {
		cure_lock(examination, lock);
		return lock;
	}
	if (login == TOKEN_LOGIN_REFUSED)
		return "Mend the PIN; this one is not tried again.";
	return error->kind == ERROR_TOKEN ? EXAMINATION_CURE_TOKEN : NULL;
}

void examine_login(struct examination *examination, struct check *check)
{
	const struct token_info *info = token_info(examination->token);
	struct error error = ERROR_INIT;
	enum token_login login;
	char lock[CURE_SIZE];

	if (!info->login_required) {
		if (login_keep_pin(
			&examination->run, examination->token, &examination->pin, &error))
			check_set_ok(check, "the token wants no login");
		else
			check_set_failed(check, EXAMINATION_CURE_TOKEN, &error);
		secret_discard(take(examination->pin));
		return;
	}
	/* As it was found, and as pin-latch has seen it since. */
	if (info->pin_count_low || info->pin_final_try || info->pin_locked) {
		check_set_skipped(
		    check, "the token shows that a wrong PIN was tried: doctor uses up no try");
		return;
	}
	if (login_run(&examination->run, examination->token, examination->pin, &login, &error)
	    && login_keep_pin(&examination->run, examination->token, &examination->pin, &error))
		check_set_ok(check, "the token accepts the PIN");
	else if (error.kind == ERROR_BUSY)
		check_set_skipped(check, "%s", error.message);
	else
		check_set_failed(check, login_cure(examination, &error, login, lock), &error);
	/* Not needed any more. */
	secret_discard(take(examination->pin));
}
