#include "agent/daemon/household.h"

#include "agent/call.h"
#include "agent/daemon/wake.h"
#include "agent/enrolment/reenrolment.h"
#include "agent/enrolment/token_drop.h"
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/options.h"
#include "agent/report/console.h"
#include "agent/state/lock.h"
#include "base/clock.h"
#include "base/duration.h"

static bool check(const struct identity_settings *settings, struct error *error)
{
	if (settings->pin_fd < 0)
		return true;
	return error_set(error, ERROR_CONFIG,
	    "%s: pin_fd can be read only once, and `run` needs the PIN for every renewal: use "
	    "pin_credential or pin_file",
	    settings->name);
}

/* One that waited for another run would not hear of signals meanwhile; it comes back instead. */
static bool admit(
    struct household *household, struct identity_settings *settings, struct error *error)
{
	if (!check(settings, error))
		return false;
	settings->lock_wait = 0;
	household->agenda.list[household->agenda.count++].settings = settings;
	return true;
}

bool household_open(const struct call *call, struct household *ret_household, struct error *error)
{
	scoped(household) struct household household = { .config = NULL };
	const struct identity_settings *only = NULL;
	struct config *config;

	if (!config_load(call->options->config, &household.config, error))
		return false;
	config = household.config;
	if (call->options->identity
	    && !config_identity(config, call->options->identity, &only, error))
		return false;
	household.agenda.list = calloc(config->count, sizeof(*household.agenda.list));
	if (!household.agenda.list)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	for (size_t i = 0; i < config->count; i++)
		if ((!only || only == &config->identities[i])
		    && !admit(&household, &config->identities[i], error))
			return false;

	call->console->format = config->identities[0].log;
	*ret_household = household;
	household = (struct household){ .config = NULL };
	return true;
}

void household_close(struct household *household)
{
	free(household->agenda.list);
	config_discard(household->config);
	*household = (struct household){ .config = NULL };
}

/* The enrolment of one that has no folder yet could not be noticed. */
static bool watch(const struct identity *identity, struct wake *wake)
{
	scoped(store) struct store *made = NULL;
	const struct store *store = identity->store;
	struct error ignored = ERROR_INIT;

	if (!store
	    && !store_open(identity->settings->state_directory, identity->settings->name, true,
		&made, &ignored))
		return false;
	return wake_watch(wake, store_path(store ? store : made));
}

static bool is_busy(const struct identity *identity)
{
	struct error error = ERROR_INIT;

	return identity->store && !lock_look(identity->store, &error) && error.kind == ERROR_BUSY;
}

static void tell_moment(const struct call *call, const struct identity *identity,
    const struct moment *moment, int64_t now)
{
	struct error needed = ERROR_INIT;
	char text[CLOCK_TEXT_SIZE];
	char span[32];
	enum reason reason;

	if (moment->kind != MOMENT_NONE) {
		clock_format(moment->due, text);
		duration_format(moment->at - now, span, sizeof(span));
		console_print(call->console, "%s at %s, %s%s", moment_name(moment->kind), text,
		    moment->at > now ? "in " : "now", moment->at > now ? span : "");
	} else if (decide_needs_enrolment(identity, now, &reason, &needed)) {
		console_print(call->console, "%s", needed.message);
	}
}

/* Whether a run would do something with what was left, or say why not. */
static bool calls_for_run(const struct token_drop *drop)
{
	return drop->state == TOKEN_DROP_WAITING || drop->state == TOKEN_DROP_REFUSED
	       || (drop->state == TOKEN_DROP_SPENT && drop->path);
}

/* A file that comes while we sleep wakes us. Another one than the last look has found is no try that
   was of no use. */
static void look_for_token(const struct identity *identity, struct wake *wake,
    struct appointment *appointment, struct moment *moment, int64_t now)
{
	const char *file = identity->settings->enrollment_token_file;
	scoped(token_drop) struct token_drop drop = { .state = TOKEN_DROP_UNKNOWN };
	int64_t left = 0;

	if (!reenrolment_is_called_for(identity))
		return;
	if (file && !wake_watch_file(wake, file))
		appointment->watched = false;
	token_drop_look(&drop, identity);
	if (calls_for_run(&drop)) {
		*moment = (struct moment){ now, MOMENT_TOKEN, now };
		left = drop.file.st_ctim.tv_sec * 1000000000 + drop.file.st_ctim.tv_nsec;
	}
	if (left != appointment->token_left)
		appointment_forget(appointment);
	appointment->token_left = left;
}

static struct moment look(const struct identity_settings *settings, const struct call *call,
    struct wake *wake, bool tell, struct appointment *appointment)
{
	scoped(identity) struct identity identity = { .lock = -1 };
	struct error error = ERROR_INIT;
	const int64_t now = clock_now();
	/* Of what cannot be read a run says what is wrong. */
	struct moment moment = { now, MOMENT_ATTEMPT, now };

	appointment->watched = false;
	if (!identity_open(settings, false, &identity, &error))
		return moment;
	appointment->watched = watch(&identity, wake);
	if (identity.unreadable.kind != ERROR_NONE)
		return moment;
	moment = moment_next(&identity, now);
	look_for_token(&identity, wake, appointment, &moment, now);
	appointment_note_busy(appointment, is_busy(&identity), clock_milliseconds());
	if (tell)
		tell_moment(call, &identity, &moment, now);
	return moment;
}

void household_look(
    struct household *household, const struct call *call, struct wake *wake, bool tell)
{
	/* What others do from here on wakes us again. */
	wake_forget_changes(wake);
	for (size_t i = 0; i < household->agenda.count; i++) {
		struct appointment *appointment = &household->agenda.list[i];
		struct moment moment;

		console_enter(call->console, appointment->settings->name, NULL);
		moment = look(appointment->settings, call, wake, tell, appointment);
		appointment_note(appointment, moment, clock_now(), clock_milliseconds());
	}
	console_enter(call->console, NULL, NULL);
}

void household_catch_up(struct household *household, int64_t now)
{
	const struct identity_settings *settings = household->agenda.list[0].settings;
	scoped(store) struct store *store = NULL;
	struct error ignored = ERROR_INIT;

	household->agenda.catch_up = now;
	if (store_open(settings->state_directory, settings->name, false, &store, &ignored) && store)
		household->agenda.catch_up = agenda_catch_up(store_tag(store), now);
}
