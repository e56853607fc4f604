#include "agent/x509/verify.h"

#include "agent/x509/certificate.h"
#include "agent/x509/chain.h"
#include "agent/x509/subject.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/scoped.h"
#include "base/text.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KEY_BITS_LEAST 2048
#define SPAN_TEXT_SIZE 32

struct trial {
	const struct verify_request *request;
	X509 *leaf;
	int64_t not_before;
	int64_t not_after;
	int64_t moment; /* the first at which both clocks take the certificate for begun */
	struct verify_result *result;
};

static void warn(struct trial *trial, const char *format, ...) PRINTF_LIKE(2, 3);

/* Cut where there is no more room: whoever reads that many warnings has enough of them. */
static void warn(struct trial *trial, const char *format, ...)
{
	char *warning = trial->result->warning;
	size_t length = strlen(warning);
	va_list arguments;

	if (length > 0 && length + 2 < VERIFY_WARNING_SIZE) {
		memcpy(warning + length, "; ", 3);
		length += 2;
	}
	va_start(arguments, format);
	vsnprintf(warning + length, VERIFY_WARNING_SIZE - length, format, arguments);
	va_end(arguments);
}

static bool has_key(const X509 *certificate, const EVP_PKEY *key)
{
	EVP_PKEY *other = X509_get0_pubkey(certificate);
	bool equal = other && EVP_PKEY_eq(other, key) == 1;

	ERR_clear_error();
	return equal;
}

static bool check_public_key(struct trial *trial, struct error *error)
{
	if (!has_key(trial->leaf, trial->request->public_key))
		return error_set(error, ERROR_VERIFICATION,
		    "its public key is not the one that the request was made with");
	return true;
}

/* A second certificate of our key would be another leaf, or a CA that signs with it. */
static bool check_alone(struct trial *trial, struct error *error)
{
	for (int i = 0; i < sk_X509_num(trial->request->returned); i++) {
		X509 *other = sk_X509_value(trial->request->returned, i);

		if (X509_cmp(other, trial->leaf) != 0 && has_key(other, trial->request->public_key))
			return error_set(error, ERROR_VERIFICATION,
			    "another certificate with the same public key came with it");
	}
	return true;
}

static bool check_form(struct trial *trial, struct error *error)
{
	if (X509_get_version(trial->leaf) != X509_VERSION_3)
		return error_set(error, ERROR_VERIFICATION, "it has version %ld instead of 3",
		    X509_get_version(trial->leaf) + 1);
	if (X509_get_extension_flags(trial->leaf) & EXFLAG_INVALID)
		return error_set(error, ERROR_VERIFICATION, "its extensions cannot be read");
	return true;
}

static bool check_key_size(struct trial *trial, struct error *error)
{
	unsigned bits = certificate_key_bits(trial->leaf);

	if (bits < KEY_BITS_LEAST)
		return error_set(error, ERROR_VERIFICATION,
		    "its key has %u bits of RSA, at least %d are needed", bits, KEY_BITS_LEAST);
	return true;
}

static bool check_subject(struct trial *trial, struct error *error)
{
	const X509_NAME *issued = X509_get_subject_name(trial->leaf);

	if (!subject_check_equal(trial->request->subject, issued, error))
		return error_prefix(error, "its subject");
	return true;
}

static bool check_common_name(struct trial *trial, struct error *error)
{
	const char *expected = trial->request->common_name;
	scoped(char) char *issued = NULL;

	if (!expected)
		return true;
	if (!subject_common_name(X509_get_subject_name(trial->leaf), &issued, error))
		return error_prefix(error, "its subject");
	if (!text_equal(issued, expected))
		return error_set(error, ERROR_VERIFICATION,
		    "its CN is \"%s\", the present certificate's is \"%s\"", issued, expected);
	return true;
}

static bool check_begun(struct trial *trial, struct error *error)
{
	int64_t ahead_by;
	char ahead[SPAN_TEXT_SIZE];
	char tolerated[SPAN_TEXT_SIZE];

	if (!certificate_dates(trial->leaf, &trial->not_before, &trial->not_after, error))
		return false;
	ahead_by = trial->not_before - trial->request->now;
	if (ahead_by < 0)
		ahead_by = 0;
	trial->moment = trial->request->now + ahead_by;
	trial->result->clock_ahead_by = ahead_by;
	if (ahead_by <= trial->request->clock_skew)
		return true;
	duration_format(ahead_by, ahead, sizeof(ahead));
	duration_format(trial->request->clock_skew, tolerated, sizeof(tolerated));
	return error_set(error, ERROR_VERIFICATION,
	    "it begins in %s: the Connector's clock is ahead of this host's by more than the %s "
	    "that are tolerated, set the clocks",
	    ahead, tolerated);
}

static bool check_lifetime(struct trial *trial, struct error *error)
{
	int64_t left = trial->not_after - trial->request->now;
	char end[CLOCK_TEXT_SIZE];
	char left_text[SPAN_TEXT_SIZE];
	char least[SPAN_TEXT_SIZE];

	clock_format(trial->not_after, end);
	if (trial->not_after <= trial->not_before)
		return error_set(error, ERROR_VERIFICATION, "it ends (%s) before it begins", end);
	if (trial->not_after < trial->moment)
		return error_set(error, ERROR_VERIFICATION,
		    "it expired at %s: is this host's clock right?", end);
	if (left >= trial->request->least_lifetime)
		return true;
	duration_format(left, left_text, sizeof(left_text));
	duration_format(trial->request->least_lifetime, least, sizeof(least));
	return error_set(error, ERROR_VERIFICATION,
	    "it is valid for %s only (until %s), at least %s are needed", left_text, end, least);
}

static bool check_usage(struct trial *trial, struct error *error)
{
	uint32_t usage = X509_get_key_usage(trial->leaf);
	uint32_t purposes = X509_get_extended_key_usage(trial->leaf);

	if (usage != UINT32_MAX && !(usage & KU_DIGITAL_SIGNATURE))
		return error_set(error, ERROR_VERIFICATION,
		    "its keyUsage lacks digitalSignature, which TLS needs");
	/* anyExtendedKeyUsage does not do: OpenSSL and BoringSSL ask for clientAuth itself. */
	if (purposes != UINT32_MAX && !(purposes & XKU_SSL_CLIENT))
		return error_set(error, ERROR_VERIFICATION,
		    "its extendedKeyUsage lacks clientAuth, which servers ask for");
	if (purposes == UINT32_MAX)
		warn(trial, "the certificate has no extendedKeyUsage");
	return true;
}

/* The Connector copies the algorithm from the request. */
static bool check_signature_algorithm(struct trial *trial, struct error *error)
{
	if (!certificate_is_signature_strong(trial->leaf))
		return error_set(error, ERROR_VERIFICATION, "it is signed with %s, which is weak",
		    OBJ_nid2ln(X509_get_signature_nid(trial->leaf)));
	return true;
}

static bool check_chain(struct trial *trial, struct error *error)
{
	const struct verify_request *request = trial->request;

	return chain_build(trial->leaf, request->returned, trial->moment,
	    request->now + request->clock_skew, &trial->result->chain, error);
}

static bool note_earliest_end(struct trial *trial, struct error *error)
{
	int64_t earliest = trial->not_after;

	for (int i = 0; i < sk_X509_num(trial->result->chain); i++) {
		X509 *authority = sk_X509_value(trial->result->chain, i);
		int64_t not_before;
		int64_t not_after;

		if (!certificate_dates(authority, &not_before, &not_after, error))
			return false;
		if (not_after < earliest)
			earliest = not_after;
	}
	trial->result->earliest_end = earliest;
	return true;
}

/* basicConstraints are missing in CA certificates made by hand or long ago. The Connector's
   gateway may take them all the same; the probe will show. */
static bool note_unconstrained(struct trial *trial, struct error *error)
{
	char description[CERTIFICATE_DESCRIPTION_SIZE];

	(void)error;
	for (int i = 0; i < sk_X509_num(trial->result->chain); i++) {
		X509 *authority = sk_X509_value(trial->result->chain, i);

		if (X509_get_extension_flags(authority) & EXFLAG_BCONS)
			continue;
		certificate_describe(authority, description);
		warn(trial, "the CA certificate %s has no basicConstraints", description);
	}
	return true;
}

static bool note_unused(struct trial *trial, struct error *error)
{
	char description[CERTIFICATE_DESCRIPTION_SIZE];

	(void)error;
	for (int i = 0; i < sk_X509_num(trial->request->returned); i++) {
		X509 *other = sk_X509_value(trial->request->returned, i);

		if (X509_cmp(other, trial->leaf) == 0
		    || chain_contains(trial->result->chain, other))
			continue;
		certificate_describe(other, description);
		warn(trial, "the certificate %s came along and is not in the chain", description);
	}
	return true;
}

bool verify_issued(
    const struct verify_request *request, struct verify_result *ret_result, struct error *error)
{
	static bool (*const checks[])(struct trial *, struct error *) = {
		check_public_key,
		check_alone,
		check_form,
		check_key_size,
		check_subject,
		check_common_name,
		check_begun,
		check_lifetime,
		check_usage,
		check_signature_algorithm,
		check_chain,
		note_earliest_end,
		note_unconstrained,
		note_unused,
	};
	scoped(verify_result) struct verify_result result = { .chain = NULL };
	struct trial trial = { .request = request, .leaf = request->leaf, .result = &result };

	for (size_t i = 0; i < ARRAY_LENGTH(checks); i++)
		if (!checks[i](&trial, error))
			return error_prefix(error, "the issued certificate is refused");

	*ret_result = result;
	result.chain = NULL; /* the caller's now */
	return true;
}

void verify_result_clear(struct verify_result *result)
{
	sk_X509_pop_free(result->chain, X509_free);
	*result = (struct verify_result){ .chain = NULL };
}
