#include "agent/renewal/debt_payment.h"

#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/audit_key.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/leftovers.h"
#include "agent/renewal/revocation.h"
#include "agent/renewal/run.h"
#include "agent/state/debts.h"
#include "agent/state/schedule.h"
#include "agent/x509/certificate.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/certificate_object.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/nameless.h"
#include "pkcs11/token.h"

static bool has_expired(
    const struct run *run, uint32_t number, bool *ret_expired, struct error *error)
{
	scoped(generation) struct generation generation = { 0 };
	int64_t not_before, not_after;

	if (!store_load(run->store, number, &generation, error)
	    || !certificate_dates(generation.certificate, &not_before, &not_after, error))
		return false;
	*ret_expired = not_after < clock_now();
	return true;
}

/* That a request goes out is on disk before it does: after a lost answer, or a kill, a refusal means
   something else. */
static bool send_revocation(
    struct run *run, const struct debts *debts, struct debt *debt, struct error *error)
{
	bool sent_before = debt->sent;
	enum revocation revocation;

	debt->sent = true;
	if (!debts_save(run->store, debts, error))
		return false;
	if (revocation_run(run, debt->generation, &revocation, error))
		return true;
	debt->sent = sent_before || revocation == REVOCATION_UNKNOWN;
	return sent_before && revocation == REVOCATION_REFUSED
	       && revocation_confirm(run, debt->generation, error);
}

static bool pay_revocation(
    struct run *run, const struct debts *debts, struct debt *debt, struct error *error)
{
	bool expired = false;

	/* An older debts.json may be back, out of a backup. */
	if (debt->generation == run->active.number) {
		run_warn(run, "generation %u is active: it is not revoked", debt->generation);
		return true;
	}
	if (!has_expired(run, debt->generation, &expired, error)) {
		if (error->kind != ERROR_DAMAGED)
			return false;
		run_warn(run, "%s: generation %u cannot be revoked any more", error->message,
		    debt->generation);
		error_clear(error);
		return true;
	}
	if (!expired)
		return send_revocation(run, debts, debt, error);
	run_warn(run, "the certificate of generation %u has expired before it could be revoked",
	    debt->generation);
	return true;
}

/* Files of before name the token in the generation only. */
static bool is_in_open_token(const struct run *run, const struct debt *debt)
{
	scoped(generation) struct generation generation = { 0 };
	struct error ignored = ERROR_INIT;

	if (debt->token[0])
		return generation_key_is_here(run, debt->token);
	return debt->generation == 0
	       || !store_load(run->store, debt->generation, &generation, &ignored)
	       || generation_key_is_here(run, generation.key_uri);
}

/* The folder goes after the key, or by somebody's hand: nobody waits for the key then. */
static bool is_removed(
    const struct run *run, uint32_t number, bool *ret_removed, struct error *error)
{
	uint32_t numbers[STORE_GENERATIONS_MAX];
	size_t count = 0;

	if (!store_list(run->store, numbers, &count, error))
		return false;
	*ret_removed = true;
	for (size_t i = 0; i < count; i++)
		*ret_removed = *ret_removed && numbers[i] != number;
	return true;
}

/* Not to be found in another token does not mean destroyed. */
static bool wait_for_token(const struct run *run, const struct debt *debt, struct error *error)
{
	bool removed = false;

	if (!is_removed(run, debt->generation, &removed, error))
		return false;
	return removed
	       || error_set(error, ERROR_TOKEN,
		   "the key of generation %u is in another token (%s): it is destroyed when "
		   "`token` names that; if it is gone for good, remove generations/%u",
		   debt->generation, debt->token[0] ? debt->token : "see its key.uri",
		   debt->generation);
}

/* A write that is cut inside the module may leave an object without a name. It is ours if there was
   none before, which is on disk before the write. */
static bool prepare_storing(
    struct run *run, const struct debts *debts, struct debt *debt, struct error *error)
{
	struct nameless nameless;

	if (debt->sent)
		return leftovers_destroy_cut(run, error);
	if (!nameless_find(access_token(run), &nameless, error))
		return false;
	debt->sent = nameless.count == 0;
	return !debt->sent || debts_save(run->store, debts, error);
}

/* An older one is not worth it any more: its key goes, or is kept for going back only. */
static bool pay_storing(
    struct run *run, const struct debts *debts, struct debt *debt, struct error *error)
{
	const struct generation *active = &run->active;
	char prefix[JOURNAL_LABEL_SIZE];
	struct key_id id;
	bool stored;

	if (!run->settings->store_certificate || debt->generation != active->number
	    || active->adopted)
		return true;
	if (!active->key_label || !active->key_id || !key_id_parse(active->key_id, &id))
		return error_set(
		    error, ERROR_DAMAGED, "generation %u names no key of ours", active->number);
	if (!access_open(run, error))
		return false;
	run_note_step(run, run->settings->step_timeout,
	    "storing the certificate of generation %u in token %s", active->number,
	    token_name(access_token(run)));
	run_label_prefix(run, prefix);
	if (!generation_key_check(run, active, error) || !prepare_storing(run, debts, debt, error))
		return false;
	/* Whatever the answer, one has come. */
	stored = certificate_object_store(
	    access_token(run), &id, active->key_label, prefix, active->certificate, error);
	debt->sent = false;
	return stored;
}

/* The certificate first: without its key nobody could tell any more whose it is. */
static bool destroy_key(struct run *run, const struct key_id *id, struct error *error)
{
	const struct token *token = access_token(run);
	char prefix[JOURNAL_LABEL_SIZE];

	run_label_prefix(run, prefix);
	return certificate_object_destroy(token, id, prefix, NULL, error)
	       && key_pair_destroy(token, id, POLICY_LABEL, NULL, error);
}

/* Its key is not ours to destroy: whoever made it is told where it still lies. */
static bool leave_adopted(struct run *run, const struct debt *debt, struct error *error)
{
	scoped(generation) struct generation generation = { 0 };
	struct error ignored = ERROR_INIT;

	if (store_load(run->store, debt->generation, &generation, &ignored))
		run_warn(run,
		    "generation %u, which was adopted, is not kept any more; its key is not ours "
		    "and still lies in %s: remove it when nothing else needs it",
		    debt->generation, generation.key_uri);
	return store_remove(run->store, debt->generation, error);
}

static bool pay_destruction(struct run *run, const struct debt *debt, struct error *error)
{
	struct key_id id;

	if (debt->generation != 0 && debt->generation == run->active.number)
		return error_set(error, ERROR_INTERNAL,
		    "the key of the active generation %u is not destroyed", debt->generation);
	if (debt->generation != 0 && debt->key_id[0] == '\0')
		return leave_adopted(run, debt, error);
	if (!key_id_parse(debt->key_id, &id))
		return error_set(error, ERROR_DAMAGED, "no key id: \"%s\"", debt->key_id);
	if (!access_open(run, error))
		return false;
	if (!is_in_open_token(run, debt))
		return wait_for_token(run, debt, error);
	run_note_step(run, run->settings->step_timeout, "destroying the key of generation %u",
	    debt->generation);
	return destroy_key(run, &id, error)
	       && audit_key_destroyed(
		   run, debt->key_id, NULL, debt->generation, AUDIT_KEY_REPLACED, error)
	       && (debt->generation == 0 || store_remove(run->store, debt->generation, error));
}

static bool pay(struct run *run, const struct debts *debts, struct debt *debt, struct error *error)
{
	switch (debt->kind) {
	case DEBT_REVOKE:
		return pay_revocation(run, debts, debt, error);
	case DEBT_STORE:
		return pay_storing(run, debts, debt, error);
	case DEBT_DESTROY_KEY:
		return pay_destruction(run, debt, error);
	case DEBT_HOOK: /* by the supervisor */
	case DEBT_KIND_COUNT:
		break;
	}
	return error_set(error, ERROR_INTERNAL, "no such debt: %d", (int)debt->kind);
}

static void put_off(struct run *run, struct debt *debt, const struct error *reason)
{
	int64_t now = clock_now();

	run_warn(run, "still owed: %s", reason->message);
	debt->attempts++;
	debt->next_attempt =
	    schedule_next_attempt(now, debt->attempts, INT64_MAX, 0, run->settings->name);
	(void)text_format(debt->last_error, sizeof(debt->last_error), "%s", reason->message);
}

bool debt_payment_run(struct run *run, bool revocations, struct error *error)
{
	struct debts debts;
	bool damaged = false; /* as in run_open: the supervisor has said it */

	if (!debts_load(run->store, &debts, &damaged, error))
		return false;
	for (size_t i = 0; i < debts.count;) {
		struct error reason = ERROR_INIT;

		if (!debts_is_payable(&debts, i, clock_now()) || debts.list[i].kind == DEBT_HOOK
		    || (debts.list[i].kind == DEBT_REVOKE && !revocations)) {
			i++;
			continue;
		}
		if (pay(run, &debts, &debts.list[i], &reason))
			debts_drop(&debts, i);
		else
			put_off(run, &debts.list[i++], &reason);
		if (!debts_save(run->store, &debts, error))
			return false;
	}
	return true;
}
