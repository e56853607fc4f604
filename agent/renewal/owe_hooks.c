#include "agent/renewal/owe_hooks.h"

#include "agent/renewal/run.h"
#include "agent/state/debts.h"
#include "agent/x509/certificate.h"
#include "base/clock.h"
#include "base/text.h"

/* "" when the generation cannot be read or has no CA. */
static void read_issuer(
    const struct run *run, uint32_t number, char sha256[CERTIFICATE_SHA256_TEXT_SIZE])
{
	scoped(generation) struct generation generation = { 0 };
	struct error unreadable = ERROR_INIT;

	sha256[0] = '\0';
	if (store_load(run->store, number, &generation, &unreadable)
	    && sk_X509_num(generation.chain) > 0)
		certificate_sha256(sk_X509_value(generation.chain, 0), sha256);
}

/* The newest of before that had another one. same_issuer has been found out against the generation
   that was active when this one was made; that one may be gone. */
static bool find_old_issuer(const struct run *run, char old_issuer[CERTIFICATE_SHA256_TEXT_SIZE],
    bool *ret_changed, struct error *error)
{
	uint32_t numbers[STORE_GENERATIONS_MAX];
	char issuer[CERTIFICATE_SHA256_TEXT_SIZE];
	size_t count = 0;

	*ret_changed = false;
	if (run->active.same_issuer || sk_X509_num(run->active.chain) == 0)
		return true;
	certificate_sha256(sk_X509_value(run->active.chain, 0), issuer);
	if (!store_list(run->store, numbers, &count, error))
		return false;
	for (size_t i = count; i-- > 0 && !*ret_changed;) {
		if (numbers[i] >= run->active.number)
			continue;
		read_issuer(run, numbers[i], old_issuer);
		*ret_changed = old_issuer[0] && !text_equal(old_issuer, issuer);
	}
	return true;
}

bool owe_hooks(const struct run *run, struct debts *debts, struct error *error)
{
	const uint32_t number = run->active.number;
	const int64_t now = clock_now();
	char old_issuer[CERTIFICATE_SHA256_TEXT_SIZE];
	bool changed = false;

	if (run->settings->hook_ca_changed && !find_old_issuer(run, old_issuer, &changed, error))
		return false;
	if (changed
	    && !debts_add_hook(
		debts, HOOK_CA_CHANGED, number, run->job->run_id, old_issuer, now, error))
		return false;
	return !run->settings->hook_renewed
	       || debts_add_hook(debts, HOOK_RENEWED, number, run->job->run_id, NULL, now, error);
}
