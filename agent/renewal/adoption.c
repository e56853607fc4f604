#include "agent/renewal/adoption.h"

#include "agent/renewal/access.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/proof.h"
#include "agent/renewal/renewal.h"
#include "agent/renewal/retention.h"
#include "agent/renewal/run.h"
#include "agent/x509/bundle.h"
#include "agent/x509/chain.h"
#include "agent/x509/key_signature.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/scoped.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static bool read_certificates(
    const char *path, STACK_OF(X509) **ret_certificates, struct error *error)
{
	scoped(fd) int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	scoped(char) char *text = NULL;
	size_t length = 0;

	if (file < 0)
		return error_set(error, file_error_kind(errno), "cannot read %s: %s", path,
		    file_error_reason(errno));
	return file_read_descriptor(file, BUNDLE_SIZE_MAX, path, &text, &length, error)
	       && bundle_parse(
		   text, length, BUNDLE_COUNT_MAX, path, ERROR_USAGE, ret_certificates, error);
}

static X509 *find_leaf(const STACK_OF(X509) *certificates, const struct key_signature *signature)
{
	for (int i = 0; i < sk_X509_num(certificates); i++)
		if (key_signature_is_of(signature, sk_X509_value(certificates, i)))
			return sk_X509_value(certificates, i);
	return NULL;
}

/* The certificate is the one whose key verifies what the key has signed. */
static bool match_key(struct run *run, const STACK_OF(X509) *certificates,
    struct generation *generation, struct error *error)
{
	do {
		scoped(EVP_PKEY) EVP_PKEY *key = NULL;
		struct key_signature signature;
		X509 *leaf;

		if (!generation_key_load(run, generation, &key, error))
			return false;
		if (key_signature_make(key, &signature, error)) {
			leaf = find_leaf(certificates, &signature);
			if (leaf) {
				X509_up_ref(leaf);
				generation->certificate = leaf;
				return true;
			}
			(void)error_set(error, ERROR_VERIFICATION,
			    "no certificate in %s belongs to the key %s: what it signs does not "
			    "verify",
			    run->job->certificate, generation->key_uri);
		}
		run->signature_failed = !generation_key_is_in_file(generation);
	} while (access_take_over(run, error));
	return false;
}

static bool add_candidates(STACK_OF(X509) *candidates, const STACK_OF(X509) *certificates,
    const X509 *leaf, struct error *error)
{
	for (int i = 0; i < sk_X509_num(certificates); i++) {
		X509 *certificate = sk_X509_value(certificates, i);

		if (X509_cmp(certificate, leaf) == 0)
			continue;
		if (!sk_X509_push(candidates, certificate))
			return error_set(error, ERROR_INTERNAL, "out of memory");
		X509_up_ref(certificate);
	}
	return true;
}

/* From what came with the certificate, and from --ca. Without either the chain is not known. */
static bool find_chain(struct run *run, const STACK_OF(X509) *certificates,
    struct generation *generation, struct error *error)
{
	scoped(X509_STACK) STACK_OF(X509) *candidates = sk_X509_new_null();
	scoped(X509_STACK) STACK_OF(X509) *authorities = NULL;
	const int64_t now = clock_now();

	if (!candidates)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	if ((run->job->ca && !read_certificates(run->job->ca, &authorities, error))
	    || !add_candidates(candidates, certificates, generation->certificate, error)
	    || !add_candidates(candidates, authorities, generation->certificate, error))
		return false;
	if (sk_X509_num(candidates) > 0)
		return chain_build(generation->certificate, candidates, now,
		    now + run->settings->clock_skew, &generation->chain, error);
	run_warn(run,
	    "%s holds the certificate alone: chain.pem has no CA until the next renewal, or give "
	    "it "
	    "by --ca",
	    run->job->certificate);
	generation->chain = take(candidates);
	return true;
}

static bool assemble(struct run *run, struct generation *generation, struct error *error)
{
	scoped(X509_STACK) STACK_OF(X509) *certificates = NULL;

	run_note_step(run, run->settings->step_timeout, "looking at certificate and key");
	return read_certificates(run->job->certificate, &certificates, error)
	       && adoption_find_key(run, generation, error)
	       && match_key(run, certificates, generation, error)
	       && find_chain(run, certificates, generation, error)
	       && proof_check_alive(run, generation, error);
}

/* A certificate that an earlier run had got may be all that is wanted. */
static void finish_what_has_its_certificate(struct run *run)
{
	struct error unfinished = ERROR_INIT;

	if (run->journal.phase > PHASE_KEYED && run->journal.phase != PHASE_REJECTED
	    && !renewal_run(run, false, &unfinished))
		run_warn(run, "%s", unfinished.message);
}

static bool check_nothing_is_replaced(struct run *run, struct error *error)
{
	struct error dead = ERROR_INIT;

	if (run->active.number == 0 || run->job->force || run->journal.reenroll
	    || !proof_check_alive(run, &run->active, &dead))
		return true;
	return error_set(error, ERROR_USAGE,
	    "%s has an active certificate, generation %u: adopt --force puts another one in its "
	    "place",
	    run->settings->name, run->active.number);
}

bool adoption_run(struct run *run, struct error *error)
{
	scoped(generation) struct generation generation = { .adopted = true };
	bool is_adoption = run->journal.existing && run->journal.enrolment;

	finish_what_has_its_certificate(run);
	if (is_adoption && run->journal.phase == PHASE_IDLE && run->active.adopted) {
		run->outcome.changed = true;
		return true;
	}
	if (!check_nothing_is_replaced(run, error) || !assemble(run, &generation, error)
	    || !proof_of_existing(run, &generation, error))
		return false;
	if (run->journal.phase != PHASE_IDLE && !renewal_discard(run, error))
		return false;
	generation.number = run->journal.last_generation + 1;
	return retention_mark_abandoned(run, error) && store_write(run->store, &generation, error)
	       && renewal_activate(run, &generation, true, error);
}
