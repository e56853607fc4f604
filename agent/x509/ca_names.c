#include "agent/x509/ca_names.h"

#include "agent/x509/subject.h"
#include "base/scoped.h"
#include "base/text.h"

#include <openssl/evp.h>

static bool has(const STACK_OF(X509_NAME) *names, const X509_NAME *name)
{
	for (int i = 0; i < sk_X509_NAME_num(names); i++)
		if (X509_NAME_cmp(sk_X509_NAME_value(names, i), name) == 0)
			return true;
	return false;
}

bool ca_names_have_issuer(
    const STACK_OF(X509_NAME) *names, const X509 *certificate, const STACK_OF(X509) *chain)
{
	if (has(names, X509_get_issuer_name(certificate)))
		return true;
	for (int i = 0; i < sk_X509_num(chain); i++) {
		const X509 *ca = sk_X509_value(chain, i);

		if (has(names, X509_get_subject_name(ca)) || has(names, X509_get_issuer_name(ca)))
			return true;
	}
	return false;
}

void ca_names_describe(const X509_NAME *name, char text[CA_NAME_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1] = "?";
	struct error ignored = ERROR_INIT;
	scoped(char) char *formatted = NULL;
	unsigned length = 0;

	if (subject_format(name, &formatted, &ignored) && formatted[0]
	    && text_copy(text, CA_NAME_SIZE, formatted))
		return;
	if (X509_NAME_digest(name, EVP_sha256(), digest, &length) == 1)
		text_to_hex(digest, length, hex);
	text_format(text, CA_NAME_SIZE, "SHA-256 %s", hex);
}
