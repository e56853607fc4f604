/*
 * agent/x509/bundle: what was read is written and read as the same; and whatever certificates
 * there are, verify and what it is made of end. The input is PEM, or DER for the fuzzer's sake.
 */
#include "agent/x509/bundle.h"

#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"
#include "agent/x509/verify.h"
#include "base/scoped.h"

#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* NULL when there is none. */
static STACK_OF(X509) *read_der(const uint8_t *data, size_t size)
{
	scoped(X509_STACK) STACK_OF(X509) *certificates = sk_X509_new_null();
	const unsigned char *at = data;

	must(certificates);
	while (sk_X509_num(certificates) < BUNDLE_COUNT_MAX) {
		X509 *certificate = d2i_X509(NULL, &at, (long)(data + size - at));

		if (!certificate)
			break;
		must(sk_X509_push(certificates, certificate) > 0);
	}
	ERR_clear_error();
	return sk_X509_num(certificates) > 0 ? take(certificates) : NULL;
}

static void check_written(const STACK_OF(X509) *certificates)
{
	scoped(X509_STACK) STACK_OF(X509) *again = NULL;
	scoped(char) char *pem = NULL;
	struct error error = ERROR_INIT;

	must(bundle_format(NULL, certificates, &pem, &error));
	if (strlen(pem) > BUNDLE_SIZE_MAX)
		return;
	must(bundle_parse(
	    pem, strlen(pem), BUNDLE_COUNT_MAX, "again", ERROR_CONNECTOR, &again, &error));
	must(sk_X509_num(again) == sk_X509_num(certificates));
	for (int i = 0; i < sk_X509_num(again); i++)
		must(X509_cmp(sk_X509_value(again, i), sk_X509_value(certificates, i)) == 0);
}

/* As if it were just what had been asked for. */
static void check_verified(X509 *leaf, STACK_OF(X509) *all)
{
	struct verify_request request = {
		.leaf = leaf,
		.returned = all,
		.public_key = X509_get0_pubkey(leaf),
		.subject = X509_get_subject_name(leaf),
	};
	scoped(verify_result) struct verify_result result = { .chain = NULL };
	char description[CERTIFICATE_DESCRIPTION_SIZE];
	struct error error = ERROR_INIT;
	int64_t not_after;

	certificate_describe(leaf, description);
	if (!certificate_dates(leaf, &request.now, &not_after, &error) || !request.public_key)
		return;
	if (!verify_issued(&request, &result, &error)) {
		must(error.kind == ERROR_VERIFICATION && !result.chain);
		return;
	}
	must(sk_X509_num(result.chain) > 0);
	must(certificate_is_issued_by(leaf, sk_X509_value(result.chain, 0)));
	must(result.earliest_end >= request.now && result.earliest_end <= not_after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(X509_STACK) STACK_OF(X509) *certificates = NULL;
	struct error error = ERROR_INIT;

	if (!bundle_parse((const char *)data, size, BUNDLE_COUNT_MAX, "input", ERROR_CONNECTOR,
		&certificates, &error)) {
		must(error.kind == ERROR_CONNECTOR && !certificates);
		certificates = read_der(data, size);
	}
	if (!certificates)
		return 0;
	check_written(certificates);
	for (int i = 0; i < sk_X509_num(certificates); i++)
		check_verified(sk_X509_value(certificates, i), certificates);
	return 0;
}
