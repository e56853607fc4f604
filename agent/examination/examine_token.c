#include "agent/examination/examination.h"
#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/module.h"
#include "pkcs11/slot_list.h"
#include "pkcs11/token.h"
#include "pkcs11/token_capacity.h"
#include "pkcs11/token_uri.h"

#include <stdlib.h>
#include <string.h>

#define CURE_SIZE sizeof(((struct check *)0)->cure)
/* Where p11-kit's client module, whose server holds the real one, finds that server. */
#define SERVER_VARIABLE "P11_KIT_SERVER_ADDRESS"
#define SERVER_PATH "unix:path="

void examine_module(struct examination *examination, struct check *check)
{
	const struct identity_settings *settings = examination->run.settings;
	scoped(module) struct module *module = NULL;
	char description[MODULE_DESCRIPTION_SIZE];
	struct error error = ERROR_INIT;

	if (!module_open(settings->module, settings->module_init_args, &module, &error)
	    || !module_describe(module, description, &error)) {
		check_set_failed(check,
		    "Install the token's PKCS#11 module, or set `module` to its path and "
		    "`module_init_args` to what it wants; see whether its daemon and its own "
		    "configuration are there.",
		    &error);
		return;
	}
	check_set_ok(check, "%s: %s", settings->module, description);
	examination->module = take(module);
}

static void describe_token(struct check *check, const struct token_info *info)
{
	if (info->write_protected)
		check_set_warning(check, "Take the write protection away: new keys cannot be made.",
		    "%s (serial %s) is write protected", info->label, info->serial);
	else
		check_set_ok(check, "%s: serial %s, model %s, by %s", info->label, info->serial,
		    info->model, info->manufacturer);
}

/* There is none at all: not plugged in, or whoever serves the module is not there. */
static void cure_no_token(const struct token_uri *uri, char cure[CURE_SIZE])
{
	const char *address = getenv(SERVER_VARIABLE);

	if (address && text_starts_with(address, SERVER_PATH))
		text_format(cure, CURE_SIZE,
		    "Start the p11-kit server that " SERVER_VARIABLE " names, with the module of "
		    "the token, which it must show: p11-kit server --name %s --provider MODULE "
		    "'%s'",
		    address + strlen(SERVER_PATH), token_uri_text(uri));
	else
		text_format(cure, CURE_SIZE,
		    "Plug the token in or initialize it; where the module speaks to a daemon, "
		    "start that, and hand the agent the variables that say where it is%s%s.",
		    address ? ": " SERVER_VARIABLE " is " : "", address ? address : "");
}

/* The URI means none of the tokens, or several. */
static void cure_choice(
    const struct examination *examination, const struct token_uri *uri, char cure[CURE_SIZE])
{
	struct slot_survey survey;
	struct error ignored = ERROR_INIT;

	if (!slot_list_survey(examination->module, uri, &survey, &ignored)
	    || (survey.matching == 0 && survey.unreadable > 0) || survey.matching == 1)
		text_format(cure, CURE_SIZE, "%s", EXAMINATION_CURE_TOKEN);
	else if (survey.alike)
		text_format(cure, CURE_SIZE,
		    "If it is one token, let the module's own configuration show it in one slot; "
		    "if there are several, give them different labels.");
	else if (survey.matching > 1)
		text_format(cure, CURE_SIZE, "Set `token` to one of: %s", survey.uris);
	else if (survey.present > 0)
		text_format(cure, CURE_SIZE,
		    "Plug the token in or initialize it, or set `token` to one that is there: %s",
		    survey.uris);
	else
		cure_no_token(uri, cure);
}

void examine_token(struct examination *examination, struct check *check)
{
	scoped(token_uri) struct token_uri *uri = NULL;
	scoped(token) struct token *token = NULL;
	struct error error = ERROR_INIT;
	char cure[CURE_SIZE];

	if (!token_uri_parse(examination->run.settings->token, &uri, &error)) {
		check_set_failed(check, "Mend `token`.", &error);
		return;
	}
	if (!token_find(examination->module, uri, &token, &error)) {
		cure_choice(examination, uri, cure);
		check_set_failed(check, cure, &error);
		return;
	}
	if (!token_open_session(token, true, &error)) {
		check_set_failed(check, EXAMINATION_CURE_TOKEN, &error);
		return;
	}
	examination->token = token;
	if (!access_take(&examination->run, take(examination->module), take(token), &error)) {
		examination->token = NULL;
		check_set_failed(check, NULL, &error);
		return;
	}
	describe_token(check, token_info(examination->token));
}

/* A renewal is not held up by what a token does not tell of itself. */
#define CURE_NOT_TOLD                                                                              \
	"Nothing, if a renewal works: see by renew --force, or enroll, whether it does."

void examine_key_generation(struct examination *examination, struct check *check)
{
	const unsigned wanted = examination->run.settings->key_bits;
	struct mechanism_range range;
	struct error error = ERROR_INIT;

	if (!mechanism_look(examination->token, MECHANISM_KEY_PAIR, &range, &error)) {
		check_set_warning(check, CURE_NOT_TOLD, "%s", error.message);
		return;
	}
	if (!range.listed) {
		(void)error_set(&error, ERROR_TOKEN, "the token does not make RSA keys (%s)",
		    mechanism_name(MECHANISM_KEY_PAIR));
		check_set_failed(check, "Use a token that makes RSA keys.", &error);
		return;
	}
	if (!key_pair_check_bits(examination->token, wanted, &error)) {
		check_set_failed(check, "Set key_bits to a size that the token makes.", &error);
		return;
	}
	if (!range.there)
		check_set_warning(check, CURE_NOT_TOLD,
		    "the token has %s, and does not say that it generates key pairs",
		    mechanism_name(MECHANISM_KEY_PAIR));
	else if (range.most == 0)
		check_set_ok(check, "makes RSA keys, and does not tell of which sizes");
	else
		check_set_ok(check, "makes RSA keys of %lu to %lu bits; key_bits is %u",
		    range.least, range.most, wanted);
}

void examine_sign_pkcs1(struct examination *examination, struct check *check)
{
	struct mechanism_range range;
	struct error error = ERROR_INIT;

	if (!mechanism_look(examination->token, MECHANISM_PKCS1, &range, &error)) {
		check_set_warning(check, CURE_NOT_TOLD, "%s", error.message);
	} else if (!range.there) {
		(void)error_set(&error, ERROR_TOKEN,
		    "the token does not sign by %s, which the certificate request needs",
		    mechanism_name(MECHANISM_PKCS1));
		check_set_failed(
		    check, "Allow the mechanism in the token, or use another token.", &error);
	} else {
		check_set_ok(check, "signs by %s", mechanism_name(MECHANISM_PKCS1));
	}
}

void examine_sign_pss(struct examination *examination, struct check *check)
{
	enum mechanism by;
	struct error error = ERROR_INIT;

	if (!mechanism_find_pss(examination->token, &by, &error))
		check_set_warning(check, CURE_NOT_TOLD, "%s", error.message);
	else if (by != MECHANISM_COUNT)
		check_set_ok(check, "signs by %s", mechanism_name(by));
	else
		check_set_warning(check,
		    "Allow CKM_RSA_PKCS_PSS in the token: TLS 1.3 signs by nothing else.",
		    "the token signs neither by %s nor by %s", mechanism_name(MECHANISM_PSS),
		    mechanism_name(MECHANISM_RAW));
}

static void say_number(struct text_buffer *text, const char *name, long number)
{
	if (number == TOKEN_CAPACITY_UNKNOWN)
		text_printf(text, "%s unknown", name);
	else
		text_printf(text, "%s %ld", name, number);
}

static bool is_scarce(const struct token_capacity *capacity)
{
	return (capacity->free_private != TOKEN_CAPACITY_UNKNOWN
		   && capacity->free_private < POLICY_TOKEN_SPACE_LEAST)
	       || (capacity->sessions_most > 0 && capacity->sessions >= capacity->sessions_most);
}

void examine_capacity(struct examination *examination, struct check *check)
{
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(ERROR_MESSAGE_SIZE / 2);
	struct token_capacity capacity;
	struct error error = ERROR_INIT;

	if (!token_capacity_look(examination->token, &capacity, &error)) {
		check_set_failed(check, EXAMINATION_CURE_TOKEN, &error);
		return;
	}
	say_number(&text, "free bytes for private objects:", capacity.free_private);
	say_number(&text, ", for public ones:", capacity.free_public);
	say_number(&text, ", sessions:", capacity.sessions);
	if (capacity.sessions_most > 0)
		text_printf(&text, " of %ld", capacity.sessions_most);
	if (is_scarce(&capacity))
		check_set_warning(check,
		    "Make room: destroy keys that nobody needs, or set retain = 0; close sessions "
		    "that other programs hold.",
		    "%s", text.data);
	else
		check_set_ok(check, "%s", text.data);
}
