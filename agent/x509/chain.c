#include "agent/x509/chain.h"

#include "agent/x509/bundle.h"
#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* caCertificate and certificateChain hold the same ones. */
#define CANDIDATES_MAX (2 * BUNDLE_COUNT_MAX)

struct period {
	int64_t moment;
	int64_t latest_start;
};

static bool names_issuer(const X509 *certificate, const X509 *authority)
{
	const X509_NAME *issuer = X509_get_issuer_name(certificate);

	return X509_NAME_cmp(issuer, X509_get_subject_name(authority)) == 0;
}

bool chain_contains(const STACK_OF(X509) *chain, const X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(chain); i++)
		if (X509_cmp(sk_X509_value(chain, i), certificate) == 0)
			return true;
	return false;
}

/* RFC 5280, 4.2.1.9: a CA that a key rollover issued to itself does not count. */
static int count_below(const STACK_OF(X509) *chain)
{
	int count = 0;

	for (int i = 0; i < sk_X509_num(chain); i++)
		if (!names_issuer(sk_X509_value(chain, i), sk_X509_value(chain, i)))
			count++;
	return count;
}

static bool check_role(X509 *authority, const STACK_OF(X509) *chain, struct error *error)
{
	uint32_t flags = X509_get_extension_flags(authority);
	uint32_t usage = X509_get_key_usage(authority);
	long below = count_below(chain);

	if (flags & EXFLAG_INVALID)
		return error_set(error, ERROR_VERIFICATION, "its extensions cannot be read");
	if (flags & EXFLAG_BCONS && !(flags & EXFLAG_CA))
		return error_set(error, ERROR_VERIFICATION, "its basicConstraints say CA:FALSE");
	if (usage != UINT32_MAX && !(usage & KU_KEY_CERT_SIGN))
		return error_set(error, ERROR_VERIFICATION, "its keyUsage lacks keyCertSign");
	if (X509_get_pathlen(authority) >= 0 && below > X509_get_pathlen(authority))
		return error_set(error, ERROR_VERIFICATION,
		    "its pathlen allows %ld CAs below it, there are %ld",
		    X509_get_pathlen(authority), below);
	return true;
}

static bool check_validity(X509 *authority, const struct period *period, struct error *error)
{
	char moment[CLOCK_TEXT_SIZE];
	int64_t not_before;
	int64_t not_after;

	if (!certificate_dates(authority, &not_before, &not_after, error))
		return false;
	if (not_after < period->moment) {
		clock_format(not_after, moment);
		return error_set(error, ERROR_VERIFICATION, "it expired at %s", moment);
	}
	if (not_before > period->latest_start) {
		clock_format(not_before, moment);
		return error_set(error, ERROR_VERIFICATION,
		    "it is not valid before %s: is this host's clock right?", moment);
	}
	return true;
}

/* A root's own signature convinces nobody, so its strength does not matter. */
static bool check_strength(X509 *authority, struct error *error)
{
	if (!certificate_is_signature_strong(authority) && !certificate_is_self_signed(authority))
		return error_set(error, ERROR_VERIFICATION, "it is signed with %s, which is weak",
		    OBJ_nid2ln(X509_get_signature_nid(authority)));
	return true;
}

static bool check_authority(
    X509 *authority, const STACK_OF(X509) *chain, const struct period *period, struct error *error)
{
	char description[CERTIFICATE_DESCRIPTION_SIZE];

	if (check_role(authority, chain, error) && check_validity(authority, period, error)
	    && check_strength(authority, error))
		return true;
	certificate_describe(authority, description);
	return error_prefix(error, "the CA certificate %s", description);
}

/* *ret_issuer is NULL when nobody's key made the signature. An issuer that must not issue is
   passed over as long as there is another; when there is none, the error is about the last. */
static bool find_issuer(X509 *certificate, const STACK_OF(X509) *candidates,
    const STACK_OF(X509) *chain, const struct period *period, X509 **ret_issuer,
    struct error *error)
{
	bool refused = false;

	for (int i = 0; i < sk_X509_num(candidates); i++) {
		X509 *candidate = sk_X509_value(candidates, i);

		if (chain_contains(chain, candidate)
		    || !certificate_is_issued_by(certificate, candidate))
			continue;
		if (check_authority(candidate, chain, period, error)) {
			*ret_issuer = candidate;
			return true;
		}
		refused = true;
	}
	if (refused)
		return false;
	*ret_issuer = NULL;
	return true;
}

static bool report_no_issuer(X509 *leaf, const STACK_OF(X509) *candidates, struct error *error)
{
	scoped(char) char *issuer = NULL;
	int named = 0;

	if (!subject_format(X509_get_issuer_name(leaf), &issuer, error))
		return error_prefix(error, "the issuer");
	for (int i = 0; i < sk_X509_num(candidates); i++)
		if (names_issuer(leaf, sk_X509_value(candidates, i)))
			named++;
	if (certificate_is_self_signed(leaf))
		return error_set(error, ERROR_VERIFICATION, "it is signed with its own key");
	if (named > 0)
		return error_set(error, ERROR_VERIFICATION,
		    "its signature was not made by the CA \"%s\" that came with it", issuer);
	return error_set(error, ERROR_VERIFICATION,
	    "its issuer \"%s\" is not among the %d CA certificates that came with it", issuer,
	    sk_X509_num(candidates));
}

bool chain_build(X509 *leaf, const STACK_OF(X509) *candidates, int64_t moment, int64_t latest_start,
    STACK_OF(X509) **ret_chain, struct error *error)
{
	scoped(X509_STACK) STACK_OF(X509) *chain = sk_X509_new_null();
	struct period period = { moment, latest_start };
	X509 *last = leaf;

	if (!chain)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	if (sk_X509_num(candidates) > CANDIDATES_MAX)
		return error_set(error, ERROR_VERIFICATION,
		    "%d certificates came with it, at most %d are looked at",
		    sk_X509_num(candidates), CANDIDATES_MAX);
	while (!certificate_is_self_signed(last)) {
		X509 *issuer;

		if (!find_issuer(last, candidates, chain, &period, &issuer, error))
			return false;
		if (!issuer)
			break;
		if (!X509_add_cert(chain, issuer, X509_ADD_FLAG_UP_REF))
			return error_set(error, ERROR_INTERNAL, "out of memory");
		last = issuer;
	}
	if (sk_X509_num(chain) == 0)
		return report_no_issuer(leaf, candidates, error);

	*ret_chain = take(chain);
	return true;
}
