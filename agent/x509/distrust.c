#include "agent/x509/distrust.h"

#include "agent/x509/certificate.h"
#include "base/text.h"

static bool names(const struct distrust *distrust, const char *fingerprint)
{
	for (size_t i = 0; i < distrust->count; i++)
		if (text_equal(distrust->fingerprints[i], fingerprint))
			return true;
	return false;
}

bool distrust_covers(const struct distrust *distrust, const X509 *authority)
{
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];

	if (distrust->count == 0)
		return false;
	certificate_sha256(authority, sha256);
	if (names(distrust, sha256))
		return true;
	certificate_key_sha256(authority, sha256);
	return names(distrust, sha256);
}

X509 *distrust_find(const struct distrust *distrust, const STACK_OF(X509) *authorities)
{
	for (int i = 0; i < sk_X509_num(authorities); i++) {
		X509 *authority = sk_X509_value(authorities, i);

		if (distrust_covers(distrust, authority))
			return authority;
	}
	return NULL;
}

bool distrust_remove(const struct distrust *distrust, STACK_OF(X509) *authorities,
    STACK_OF(X509) *removed, struct error *error)
{
	for (int i = sk_X509_num(authorities); i-- > 0;) {
		X509 *authority = sk_X509_value(authorities, i);

		if (!distrust_covers(distrust, authority))
			continue;
		if (!sk_X509_push(removed, authority))
			return error_set(error, ERROR_INTERNAL, "out of memory");
		(void)sk_X509_delete(authorities, i);
	}
	return true;
}
