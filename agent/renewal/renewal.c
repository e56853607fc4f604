#include "agent/renewal/renewal.h"

#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/ask_again.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/renewal/wish.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"

struct step {
	bool (*run)(struct run *run, enum phase *ret_after, struct error *error);
	enum phase next;
	enum phase when_it_fails;
	bool needs_token;
	const char *words;
};

static const struct step steps[] = {
	/* clang-format off */
	/* in this phase     do this           then we are     when it fails    token  in words */
	[PHASE_IDLE]     = { step_plan,        PHASE_PLANNED,  PHASE_IDLE,      true,  "plan the renewal" },
	[PHASE_PLANNED]  = { step_make_key,    PHASE_KEYED,    PHASE_REJECTED,  true,  "generate the new key" },
	[PHASE_KEYED]    = { step_request,     PHASE_ISSUED,   PHASE_KEYED,     true,  "request the certificate" },
	[PHASE_ISSUED]   = { step_verify,      PHASE_VERIFIED, PHASE_KEYED,     true,  "verify the certificate" },
	[PHASE_VERIFIED] = { step_probe,       PHASE_PROVEN,   PHASE_VERIFIED,  true,  "probe with the certificate" },
	[PHASE_PROVEN]   = { step_activate,    PHASE_ACTIVE,   PHASE_PROVEN,    false, "activate the certificate" },
	[PHASE_ACTIVE]   = { step_note_debts,  PHASE_IDLE,     PHASE_ACTIVE,    false, "note what is owed" },
	[PHASE_REJECTED] = { step_discard,     PHASE_IDLE,     PHASE_REJECTED,  true,  "discard the new key" },
	/* clang-format on */
};

_Static_assert(ARRAY_LENGTH(steps) == PHASE_COUNT, "every phase has its step");

static bool advance(struct run *run, enum phase next, struct error *error)
{
	return journal_advance(run->store, &run->journal, next, clock_now(), error);
}

/* The error that led here is what is reported; one on the way to the other phase only adds to
   the log, since the next run tries it again. */
static bool step_failed(
    struct run *run, const struct step *step, enum phase after, struct error *error)
{
	struct error following = ERROR_INIT;
	enum phase ignored = PHASE_IDLE;

	error_prefix(error, "%s", step->words);
	if (after != run->journal.phase && !advance(run, after, &following)) {
		run_warn(run, "%s", following.message);
		return false;
	}
	if (after == PHASE_REJECTED
	    && (!step_discard(run, &ignored, &following) || !advance(run, PHASE_IDLE, &following)))
		run_warn(run, "discard the new key: %s", following.message);
	return false;
}

/* Before anything is made in a token or given up: what is missing there may be in another one. An
   enrolment needs nothing of before, nor does who leaves the active generation. */
static bool open_token(struct run *run, struct error *error)
{
	const struct journal *journal = &run->journal;
	bool enrolment = run->job->task == JOB_ENROLL || run->job->task == JOB_ADOPT
			 || run->job->task == JOB_ROLLBACK
			 || (journal->phase != PHASE_IDLE && journal->enrolment);

	return access_open(run, error)
	       && (enrolment || run->active.number == 0
		   || generation_key_is_here(run, run->active.key_uri)
		   || generation_key_check(run, &run->active, error));
}

/* A key that has waited too long for its certificate; a clock that has gone back does not make
   it older. */
static bool waited_too_long(const struct journal *journal)
{
	return journal->phase == PHASE_KEYED && journal->keyed != 0
	       && clock_now() - journal->keyed > POLICY_KEYED_MAX;
}

/* Of a generation that is to become active again, or was adopted: anywhere. */
static bool existing_key_is_gone(struct run *run, bool *ret_gone, struct error *error)
{
	scoped(generation) struct generation generation = { 0 };

	if (!store_load(run->store, run->journal.generation, &generation, error)
	    || (!generation_key_is_in_file(&generation) && !access_open(run, error)))
		return false;
	*ret_gone = !generation_key_check(run, &generation, error);
	return !*ret_gone || error->kind == ERROR_TOKEN;
}

/* Somebody may have deleted the new key between two runs; without it nothing that was reached is
   worth anything. */
static bool new_key_is_gone(struct run *run, bool *ret_gone, struct error *error)
{
	struct key_pair pair;
	struct key_id id;

	*ret_gone = false;
	if (run->journal.phase < PHASE_KEYED || run->journal.phase > PHASE_PROVEN)
		return true;
	/* It is the active one already: a kill came before the journal knew. */
	if (run->journal.generation == run->active.number)
		return true;
	if (run->journal.existing)
		return existing_key_is_gone(run, ret_gone, error);
	if (!open_token(run, error))
		return error_prefix(error, "look for the new key");
	if (!run_key_id(run, &id, error) || !key_pair_find(access_token(run), &id, &pair, error))
		return false;
	*ret_gone = pair.state == KEY_PAIR_ABSENT;
	return true;
}

/* What an earlier run has verified or proven, under a CA that has come to be distrusted since. */
static bool has_lost_trust(struct run *run)
{
	scoped(generation) struct generation next = { 0 };
	struct error error = ERROR_INIT;
	const enum phase phase = run->journal.phase;

	if ((phase != PHASE_VERIFIED && phase != PHASE_PROVEN)
	    || run->journal.generation == run->active.number
	    || !store_load(run->store, run->journal.generation, &next, &error)
	    || run_check_trusted(run, &next, &error))
		return false;
	run_warn(run, "generation %u does not become active: %s", next.number, error.message);
	return true;
}

/* What an earlier run left is thrown away when it cannot lead anywhere. */
static bool give_up_the_hopeless(struct run *run, struct error *error)
{
	const struct journal *journal = &run->journal;
	bool gone = false;

	if (has_lost_trust(run))
		return advance(run, journal->existing ? PHASE_IDLE : PHASE_KEYED, error);
	if (!new_key_is_gone(run, &gone, error))
		return false;
	if (gone && journal->existing) {
		run_warn(run, "generation %u does not become active: %s", journal->generation,
		    error->message);
		error_clear(error);
		return advance(run, PHASE_IDLE, error);
	}
	if (gone)
		run_warn(run, "the key %s is gone from the token: another one is made",
		    journal->key_label);
	else if (waited_too_long(journal))
		run_warn(run,
		    "the key %s has waited for its certificate for more than %d days: it is "
		    "destroyed",
		    journal->key_label, POLICY_KEYED_MAX / (24 * 60 * 60));
	else
		return true;
	return advance(run, PHASE_REJECTED, error);
}

/* Whether it is what would be made today; if not, run_warn has said why. */
static bool spare_is_fit(struct run *run, bool *ret_fit, struct error *error)
{
	const struct journal *journal = &run->journal;
	struct error unfit = ERROR_INIT;
	struct key_pair pair;
	struct key_id id;

	*ret_fit = false;
	if (!run->settings->spare_key || journal->key_bits != run->settings->key_bits) {
		run_warn(run,
		    "the spare key %s (RSA %u) is not what is configured: it is destroyed",
		    journal->key_label, journal->key_bits);
		return true;
	}
	if (journal->phase == PHASE_KEYED) {
		if (!open_token(run, error) || !run_key_id(run, &id, error)
		    || !key_pair_find(access_token(run), &id, &pair, error))
			return false;
		if (!key_pair_check(&pair, journal->key_bits, &unfit)) {
			run_warn(run, "the spare key is not used: %s", unfit.message);
			return true;
		}
	}
	*ret_fit = true;
	return true;
}

/* From here on it is this renewal's key, and waits for its certificate as any other. One that is
   still in the making, or to be discarded, is where a renewal would be. */
static bool take_spare(struct run *run, struct error *error)
{
	struct journal *journal = &run->journal;
	bool fit = false;

	if (!spare_is_fit(run, &fit, error))
		return error_prefix(error, "take the spare key");
	journal->spare = false;
	wish_note(run);
	if (journal->phase == PHASE_KEYED)
		journal->keyed = clock_now();
	return advance(run, fit ? journal->phase : PHASE_REJECTED, error);
}

/* The step of the phase that the journal is in. */
static bool go_on(struct run *run, struct error *error)
{
	const struct step *step = &steps[run->journal.phase];
	enum phase after = step->when_it_fails;

	if (step->needs_token && !open_token(run, error))
		return error_prefix(error, "%s", step->words);
	if (!step->run(run, &after, error))
		return step_failed(run, step, after, error) || ask_again(run, error);
	return advance(run, step->next, error) || error_prefix(error, "%s", step->words);
}

bool renewal_run(struct run *run, bool begin, struct error *error)
{
	struct journal *journal = &run->journal;

	if (journal->spare && !begin)
		return true;
	if (!(journal->spare ? take_spare(run, error) : give_up_the_hopeless(run, error)))
		return false;
	while (begin || journal->phase != PHASE_IDLE) {
		/* What has been begun brings the certificate that was asked for; a key that was
		   thrown away does not, nor does going back. */
		begin = begin && (journal->phase != PHASE_ACTIVE || journal->existing);
		if (!go_on(run, error))
			return false;
	}
	return true;
}

bool renewal_discard(struct run *run, struct error *error)
{
	run->journal.spare = false;
	return advance(run, PHASE_REJECTED, error) && renewal_run(run, false, error);
}

bool renewal_activate(
    struct run *run, const struct generation *generation, bool adopted, struct error *error)
{
	struct journal *journal = &run->journal;

	journal->existing = true;
	journal->enrolment = adopted;
	journal->generation = generation->number;
	(void)!text_copy(
	    journal->key_id, sizeof(journal->key_id), generation->key_id ? generation->key_id : "");
	(void)!text_copy(journal->key_label, sizeof(journal->key_label),
	    generation->key_label ? generation->key_label : "");
	return advance(run, PHASE_PROVEN, error) && renewal_run(run, false, error);
}

bool renewal_make_spare(struct run *run, struct error *error)
{
	struct journal *journal = &run->journal;

	run->resumed = journal->phase == PHASE_PLANNED;
	do {
		journal->spare = true; /* what was discarded leaves it unset */
		if (!go_on(run, error))
			return false;
	} while (journal->phase != PHASE_KEYED);
	return true;
}
