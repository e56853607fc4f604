#include "agent/identity/identity.h"

#include "agent/audit/audit.h"
#include "agent/identity/notice.h"
#include "agent/state/lock.h"
#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"

#include <stddef.h>
#include <string.h>

/* With hundreds of identities the list of debts would be most of the work. */
void identity_empty(struct identity *identity)
{
	memset(identity, 0, offsetof(struct identity, debts) + offsetof(struct debts, list));
	identity->lock = -1;
	journal_clear(&identity->journal);
}

static bool fill(struct identity *identity, bool writes, struct error *error)
{
	const struct identity_settings *settings = identity->settings;

	if (!store_open(settings->state_directory, settings->name, writes, &identity->store, error))
		return false;
	if (identity->store)
		store_skim(identity->store);
	if (writes
	    && (!store_current(identity->store, &identity->active_before, error)
		|| !lock_take(identity->store, settings->lock_wait, &identity->lock,
		    &identity->waited, error)))
		return false;
	if (!identity->store)
		return true;
	if (!identity_load(identity, error))
		return false;
	identity->audit_length = audit_length(identity->store);
	return true;
}

bool identity_open(const struct identity_settings *settings, bool writes,
    struct identity *ret_identity, struct error *error)
{
	identity_empty(ret_identity);
	ret_identity->settings = settings;
	if (fill(ret_identity, writes, error))
		return true;
	identity_close(ret_identity);
	return false;
}

void identity_unopened(const struct identity_settings *settings, const struct error *reason,
    struct identity *ret_identity)
{
	identity_empty(ret_identity);
	ret_identity->settings = settings;
	ret_identity->unreadable = *reason;
}

void identity_close(struct identity *identity)
{
	scoped(fd) int lock = identity->lock;

	(void)lock;
	generation_clear(&identity->active);
	gateway_clear(&identity->gateway);
	store_close(identity->store);
	identity_empty(identity);
}

struct distrust identity_distrust(const struct identity *identity)
{
	const struct setting_list *list = &identity->settings->distrusted_ca;

	return (struct distrust){ (const char *const *)list->items, list->count };
}

/* The earliest end of leaf and chain. */
static bool find_dates(struct identity *identity, int64_t *ret_earliest, struct error *error)
{
	const STACK_OF(X509) *chain = identity->active.chain;
	int64_t earliest;

	if (!certificate_dates(
		identity->active.certificate, &identity->not_before, &identity->not_after, error))
		return false;
	earliest = identity->not_after;
	for (int i = 0; i < sk_X509_num(chain); i++) {
		int64_t not_before, not_after;

		if (!certificate_dates(sk_X509_value(chain, i), &not_before, &not_after, error))
			return false;
		if (not_after < earliest)
			earliest = not_after;
	}
	*ret_earliest = earliest;
	return true;
}

static bool find_schedule(struct identity *identity, struct error *error)
{
	const struct identity_settings *settings = identity->settings;
	const struct distrust distrust = identity_distrust(identity);
	scoped(char) char *common_name = NULL;
	struct error ignored = ERROR_INIT;
	int64_t earliest_end;

	if (!find_dates(identity, &earliest_end, error))
		return false;
	/* Without one the jitter follows from the identity's name alone. */
	(void)!subject_common_name(
	    X509_get_subject_name(identity->active.certificate), &common_name, &ignored);
	identity->chain_end = earliest_end;
	identity->distrusted = distrust_find(&distrust, identity->active.chain) != NULL;
	identity->schedule = schedule_due(&(struct schedule_input){
	    .not_before = identity->not_before,
	    .leaf_end = identity->not_after,
	    .earliest_end = earliest_end,
	    .same_issuer = identity->active.same_issuer,
	    .at_once = identity->distrusted,
	    .lifetime_fraction = settings->lifetime_fraction,
	    .jitter = settings->jitter,
	    .window_margin = settings->window_margin,
	    .common_name = common_name,
	    .identity = settings->name,
	});
	notice_bring_forward(identity);
	return true;
}

static bool load_active(struct identity *identity, struct error *error)
{
	uint32_t number = 0;

	generation_clear(&identity->active);
	identity->not_before = 0;
	identity->not_after = 0;
	identity->chain_end = 0;
	identity->distrusted = false;
	identity->schedule = (struct schedule){ 0 };
	if (!store_active(identity->store, &number, error))
		return false;
	if (number == 0)
		return true;
	return store_load(identity->store, number, &identity->active, error)
	       && find_schedule(identity, error);
}

bool identity_load(struct identity *identity, struct error *error)
{
	if (identity->lock >= 0 ? !journal_load(
		identity->store, &identity->journal, &identity->journal_damaged, error)
				: !journal_read(identity->store, &identity->journal,
				    &identity->journal_damaged, error))
		return false;
	if (identity->lock >= 0
		? !debts_load(identity->store, &identity->debts, &identity->debts_damaged, error)
		: !debts_read(identity->store, &identity->debts, &identity->debts_damaged, error))
		return false;
	gateway_clear(&identity->gateway);
	gateway_read(identity->store, &identity->gateway);
	/* An enrolment replaces what cannot be read; every other command says so and stops. */
	error_clear(&identity->unreadable);
	if (!load_active(identity, &identity->unreadable))
		generation_clear(&identity->active);
	return true;
}

bool identity_is_alive(const struct identity *identity, int64_t now)
{
	return identity->active.number != 0 && !identity->active.revoked
	       && now <= identity->not_after;
}
