#include "agent/audit/audit.h"
#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/audit_key.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/leftovers.h"
#include "agent/renewal/login.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "base/clock.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/nameless.h"
#include "pkcs11/token.h"

static bool generate(struct run *run, struct error *error)
{
	const struct journal *journal = &run->journal;
	int64_t start = clock_milliseconds();
	struct key_id id;

	run_note_step(run, run->settings->key_generation_timeout, "generating RSA %u in token %s",
	    journal->key_bits, token_name(access_token(run)));
	if (!run_key_id(run, &id, error)
	    || !key_pair_generate(
		access_token(run), &id, journal->key_label, journal->key_bits, error))
		return false;
	run->outcome.key_generation_milliseconds = clock_milliseconds() - start;
	return true;
}

/* What a cut generation has left is taken away, and the token is looked at anew, so that the next
   cut can be told from another program's work. */
static bool clean_up_after_cut(struct run *run, const struct key_id *id, struct error *error)
{
	struct nameless nameless;
	size_t destroyed = 0;
	bool here = generation_key_of_next_is_here(run);

	if (!key_pair_destroy(access_token(run), id, POLICY_LABEL, &destroyed, error)
	    || (destroyed > 0
		&& !audit_key_destroyed(run, run->journal.key_id, run->journal.key_label,
		    run->journal.generation, AUDIT_KEY_CUT, error))
	    || !leftovers_destroy_nameless(run, error)
	    || !nameless_find(access_token(run), &nameless, error)
	    || !generation_key_note_token(run, error))
		return false;
	if (here && run->journal.nameless_before == (int32_t)nameless.count)
		return true;
	run->journal.nameless_before = (int32_t)nameless.count;
	return journal_save(run->store, &run->journal, clock_now(), error);
}

/* The PIN is gone with the login when no key wanted it for each signature until now. The next worker
   finds this one, and keeps the PIN. */
static bool check_pin_is_at_hand(
    const struct run *run, const struct key_pair *pair, struct error *error)
{
	const struct token *token = access_token(run);

	if (pair->attributes.always_authenticate != KEY_ATTRIBUTE_TRUE || token_pin(token)
	    || token_info(token)->pin_pad)
		return true;
	return error_set(error, ERROR_SESSION,
	    "the token %s wants the PIN for each signature of its keys%s", token_name(token),
	    login_pin_cure(run));
}

static bool find_or_make(struct run *run, struct key_pair *ret_pair, struct error *error)
{
	const struct token *token = access_token(run);
	struct key_pair pair;
	struct key_id id;
	size_t destroyed = 0;

	if (!run_key_id(run, &id, error) || !key_pair_find(token, &id, &pair, error))
		return false;
	if (pair.state != KEY_PAIR_WHOLE) {
		if ((run->resumed || pair.state != KEY_PAIR_ABSENT)
		    && !clean_up_after_cut(run, &id, error))
			return false;
		if (!leftovers_destroy_named(run, &destroyed, error)
		    || !access_alone(run, generate, error)
		    || !key_pair_find(token, &id, &pair, error))
			return false;
	}
	/* Its generation ended well: what is nameless from now on is another program's. */
	if (pair.state == KEY_PAIR_WHOLE || pair.state == KEY_PAIR_PRIVATE)
		run->journal.generating = false;
	/* The verified self-signature of the request is the proof that it signs. */
	if (!key_pair_check(&pair, run->journal.key_bits, error)
	    || !check_pin_is_at_hand(run, &pair, error))
		return false;
	*ret_pair = pair;
	return true;
}

bool step_make_key(struct run *run, enum phase *ret_after, struct error *error)
{
	struct key_pair pair;

	/* No key without its event: it waits, is found by its id, and is noted then. */
	if (!audit_prepare(run->store, run->job->run_id, error)) {
		*ret_after = PHASE_PLANNED;
		return false;
	}
	if (!find_or_make(run, &pair, error)) {
		/* The pair may be there, whole: the next worker looks for it by its id. */
		if (error->kind == ERROR_CAPACITY)
			leftovers_explain_full(run, error);
		if (access_has_ended(run, error))
			*ret_after = PHASE_PLANNED;
		return false;
	}
	if (!audit_key_generated(run, &pair, error)) {
		*ret_after = PHASE_PLANNED;
		return false;
	}
	run_note_step(run, run->settings->step_timeout,
	    run->journal.spare ? "ending" : "requesting the certificate");
	run->journal.keyed = clock_now();
	return true;
}
