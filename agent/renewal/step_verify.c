#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/state/answer.h"
#include "agent/x509/bundle.h"
#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"
#include "agent/x509/verify.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/token.h"
#include "pkcs11/token_uri.h"

#include <string.h>

struct issued {
	X509 *leaf;
	STACK_OF(X509) *returned;   /* every other certificate of the answer, but for... */
	STACK_OF(X509) *distrusted; /* ...the distrusted CAs */
};

static void issued_clear(struct issued *issued)
{
	X509_free(issued->leaf);
	sk_X509_pop_free(issued->returned, X509_free);
	sk_X509_pop_free(issued->distrusted, X509_free);
}

static void scoped_destroy_issued(struct issued *issued)
{
	issued_clear(issued);
}

static void scoped_destroy_answer(struct answer *answer)
{
	answer_clear(answer);
}

static bool parse(const char *pem, size_t most, const char *field, STACK_OF(X509) **ret_stack,
    struct error *error)
{
	return bundle_parse(pem, strlen(pem), most, field, ERROR_VERIFICATION, ret_stack, error);
}

/* Its place in the chain, which need not be the first; -1 when it is not there. */
static int find_certificate(const STACK_OF(X509) *chain, const X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(chain); i++)
		if (X509_cmp(sk_X509_value(chain, i), certificate) == 0)
			return i;
	return -1;
}

/* The chain is the leaf and the CAs; which CA issued which is found by looking, not by order. */
static bool issued_parse(const struct answer *answer, const struct distrust *distrust,
    struct issued *ret_issued, struct error *error)
{
	scoped(X509_STACK) STACK_OF(X509) *client = NULL;
	scoped(X509_STACK) STACK_OF(X509) *authorities = NULL;
	scoped(X509_STACK) STACK_OF(X509) *chain = NULL;
	int leaf_at;

	if (!parse(answer->client_certificate, 1, "clientCertificate", &client, error)
	    || !parse(
		answer->ca_certificate, BUNDLE_COUNT_MAX, "caCertificate", &authorities, error)
	    || !parse(
		answer->certificate_chain, BUNDLE_COUNT_MAX, "certificateChain", &chain, error))
		return false;
	leaf_at = find_certificate(chain, sk_X509_value(client, 0));
	if (leaf_at < 0)
		return error_set(
		    error, ERROR_VERIFICATION, "certificateChain does not hold clientCertificate");
	X509_free(sk_X509_delete(chain, leaf_at));
	while (sk_X509_num(authorities) > 0) {
		if (!sk_X509_push(chain, sk_X509_value(authorities, 0)))
			return error_set(error, ERROR_INTERNAL, "out of memory");
		(void)sk_X509_shift(authorities);
	}
	ret_issued->leaf = sk_X509_shift(client);
	ret_issued->returned = take(chain);
	ret_issued->distrusted = sk_X509_new_null();
	return ret_issued->distrusted
		   ? distrust_remove(distrust, ret_issued->returned, ret_issued->distrusted, error)
		   : error_set(error, ERROR_INTERNAL, "out of memory");
}

static bool issuer_is_the_same(const struct generation *before, const STACK_OF(X509) *chain)
{
	return before->number != 0 && sk_X509_num(before->chain) > 0 && sk_X509_num(chain) > 0
	       && X509_cmp(sk_X509_value(before->chain, 0), sk_X509_value(chain, 0)) == 0;
}

/* Which other CA certificate there was, and whether a new one was made for its key. */
static void note_replaced_issuer(const struct generation *before, struct generation *next)
{
	const X509 *old = sk_X509_num(before->chain) > 0 ? sk_X509_value(before->chain, 0) : NULL;
	char of_old[CERTIFICATE_SHA256_TEXT_SIZE];
	char of_new[CERTIFICATE_SHA256_TEXT_SIZE];

	if (before->number == 0 || !old)
		return;
	if (next->same_issuer) {
		memcpy(
		    next->replaced_issuer, before->replaced_issuer, sizeof(next->replaced_issuer));
		next->replaced_issuer_had_same_key = before->replaced_issuer_had_same_key;
		return;
	}
	certificate_sha256(old, next->replaced_issuer);
	certificate_key_sha256(old, of_old);
	certificate_key_sha256(sk_X509_value(next->chain, 0), of_new);
	next->replaced_issuer_had_same_key = text_equal(of_old, of_new);
}

/* The generation borrows everything from the run and the result. */
static bool store_generation(
    struct run *run, X509 *leaf, STACK_OF(X509) *chain, struct error *error)
{
	struct journal *journal = &run->journal;
	scoped(char) char *uri = NULL;
	struct key_id id;
	struct generation generation = {
		.number = journal->generation,
		.certificate = leaf,
		.chain = chain,
		.key_id = journal->key_id,
		.key_label = journal->key_label,
		.director_url = journal->director_url[0] ? journal->director_url : NULL,
		.connector_url = journal->connector_url[0] ? journal->connector_url : NULL,
		.same_issuer = issuer_is_the_same(&run->active, chain),
	};

	if (!key_id_parse(journal->key_id, &id)
	    || !key_uri_format(token_info(access_token(run)), &id, journal->key_label, &uri, error))
		return false;
	generation.key_uri = uri;
	note_replaced_issuer(&run->active, &generation);
	return store_write(run->store, &generation, error);
}

/* False, with an error that names it, when `last` of a chain was issued by a distrusted CA. */
static bool check_issuer(const struct issued *issued, X509 *last, struct error *error)
{
	char description[CERTIFICATE_DESCRIPTION_SIZE];

	for (int i = 0; i < sk_X509_num(issued->distrusted); i++) {
		X509 *authority = sk_X509_value(issued->distrusted, i);

		if (!certificate_is_issued_by(last, authority))
			continue;
		certificate_describe(authority, description);
		return error_set(error, ERROR_DISTRUSTED,
		    "the issued certificate is refused: %s was issued by the CA %s, which "
		    "distrusted_ca names",
		    last == issued->leaf ? "it" : "its CA", description);
	}
	return true;
}

/* All that is wrong with it may be its CA. And where another one issued it, the chain may end below a
   distrusted root; one that ends in a root of its own owes nothing to another with the same key. */
static bool check_trusted(const struct issued *issued, const struct verify_request *request,
    struct verify_result *ret_result, struct error *error)
{
	X509 *last;

	if (!verify_issued(request, ret_result, error)) {
		if (error->kind == ERROR_VERIFICATION)
			(void)check_issuer(issued, issued->leaf, error);
		return false;
	}
	last = sk_X509_value(ret_result->chain, sk_X509_num(ret_result->chain) - 1);
	return certificate_is_self_signed(last) || check_issuer(issued, last, error);
}

static bool verify(struct run *run, const struct answer *answer, struct error *error)
{
	__attribute__((cleanup(scoped_destroy_issued))) struct issued issued = { 0 };
	scoped(verify_result) struct verify_result result = { 0 };
	scoped(X509_NAME) X509_NAME *subject = NULL;
	scoped(EVP_PKEY) EVP_PKEY *public_key = NULL;
	scoped(char) char *common_name = NULL;
	struct key_id id;

	const struct distrust distrust = run_distrust(run);

	if (!issued_parse(answer, &distrust, &issued, error)
	    || !subject_parse(answer->subject, &subject, error)
	    || (!run->journal.enrolment && run->active.number != 0
		&& !subject_common_name(
		    X509_get_subject_name(run->active.certificate), &common_name, error)))
		return false;
	if (!key_id_parse(run->journal.key_id, &id)
	    || !key_pair_public_key(access_token(run), &id, &public_key, error))
		return false;

	const struct verify_request request = {
		.leaf = issued.leaf,
		.returned = issued.returned,
		.public_key = public_key,
		.subject = subject,
		.common_name = common_name,
		.now = clock_now(),
		.clock_skew = run->settings->clock_skew,
		.least_lifetime = POLICY_LEAST_LIFETIME,
	};

	if (!check_trusted(&issued, &request, &result, error))
		return false;
	if (result.warning[0])
		run_warn(run, "%s", result.warning);
	if (result.clock_ahead_by > POLICY_CLOCK_WORTH_NAMING)
		run_warn(run,
		    "the Connector's clock is %lld s ahead of this host's: look at its time "
		    "synchronisation",
		    (long long)result.clock_ahead_by);
	return store_generation(run, issued.leaf, result.chain, error);
}

bool step_verify(struct run *run, enum phase *ret_after, struct error *error)
{
	__attribute__((cleanup(scoped_destroy_answer))) struct answer answer = { 0 };
	struct error ignored = ERROR_INIT;
	bool found = false;

	if (!answer_load(run->store, &answer, &found, error)) {
		*ret_after = PHASE_ISSUED;
		return false;
	}
	if (!found)
		return error_set(error, ERROR_STATE,
		    "%s/answer.json is gone or damaged: the certificate is asked for again",
		    store_path(run->store));
	if (verify(run, &answer, error))
		return true;
	if (error->kind != ERROR_VERIFICATION && error->kind != ERROR_DISTRUSTED) {
		*ret_after = PHASE_ISSUED;
		return false;
	}
	(void)!answer_remove(run->store, &ignored);
	return run->journal.enrolment && request_used_up(error);
}
