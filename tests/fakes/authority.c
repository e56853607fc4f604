#include "tests/fakes/authority.h"

#include "base/compiler.h"
#include "base/scoped.h"
#include "base/text.h"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BITS 2048
#define SERIAL 2

static EVP_PKEY *keys[8];

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void discard_keys(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		EVP_PKEY_free(keys[i]);
		keys[i] = NULL;
	}
}

EVP_PKEY *authority_key(unsigned number)
{
	must(number < ARRAY_LENGTH(keys));
	if (!keys[number]) {
		keys[number] = EVP_RSA_gen(KEY_BITS);
		must(keys[number] && atexit(discard_keys) == 0);
	}
	return keys[number];
}

X509_NAME *authority_name(const char *text)
{
	X509_NAME *name = X509_NAME_new();
	scoped(char) char *copy = text_duplicate(text);
	char *at = copy;
	int set = 0; /* 0 begins an RDN, -1 adds to the last one */

	must(name);
	while (*at != '\0') {
		char *value = strchr(at, '=');
		size_t length;
		char end;

		must(value);
		*value++ = '\0';
		length = strcspn(value, ",+");
		end = value[length];
		must(X509_NAME_add_entry_by_txt(
		    name, at, MBSTRING_UTF8, (const unsigned char *)value, (int)length, -1, set));
		set = end == '+' ? -1 : 0;
		at = value + length + (end == '\0' ? 0 : 1);
	}
	return name;
}

struct authority_recipe authority_leaf(const char *subject, EVP_PKEY *key)
{
	return (struct authority_recipe){
		.subject = subject,
		.key = key,
		.version = 3,
		.not_before = AUTHORITY_NOW,
		.not_after = AUTHORITY_NOW + 90 * AUTHORITY_DAY,
		.key_usage = "critical,digitalSignature",
		.extended_key_usage = "clientAuth",
		.digest = "SHA256",
	};
}

struct authority_recipe authority_ca(const char *subject, EVP_PKEY *key)
{
	return (struct authority_recipe){
		.subject = subject,
		.key = key,
		.version = 3,
		.not_before = AUTHORITY_NOW - AUTHORITY_DAY,
		.not_after = AUTHORITY_NOW + 91 * AUTHORITY_DAY,
		.basic_constraints = "critical,CA:TRUE",
		.key_usage = "critical,keyEncipherment,keyCertSign,digitalSignature",
		.digest = "SHA256",
	};
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension;

	if (!value)
		return;
	extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	must(extension && X509_add_ext(certificate, extension, -1));
	X509_EXTENSION_free(extension);
}

static void sign(X509 *certificate, const struct authority_recipe *recipe, EVP_PKEY *key)
{
	scoped(EVP_MD_CTX) EVP_MD_CTX *context = EVP_MD_CTX_new();
	const EVP_MD *digest = EVP_get_digestbyname(recipe->digest);
	EVP_PKEY_CTX *padding;

	must(context && digest && EVP_DigestSignInit(context, &padding, digest, NULL, key));
	if (recipe->pss)
		must(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1
		     && EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1);
	must(X509_sign_ctx(certificate, context) > 0);
}

static void set_dates(X509 *certificate, const struct authority_recipe *recipe)
{
	ASN1_TIME *begin = ASN1_TIME_set(NULL, (time_t)recipe->not_before);
	ASN1_TIME *end = ASN1_TIME_set(NULL, (time_t)recipe->not_after);

	must(begin && end && X509_set1_notBefore(certificate, begin)
	     && X509_set1_notAfter(certificate, end));
	ASN1_TIME_free(begin);
	ASN1_TIME_free(end);
}

/* As it comes over the wire: nothing that only this object remembers. */
static X509 *reread(X509 *certificate)
{
	scoped(openssl_bytes) unsigned char *der = NULL;
	int length = i2d_X509(certificate, &der);
	const unsigned char *at = der;
	X509 *copy;

	must(length > 0);
	copy = d2i_X509(NULL, &at, length);
	must(copy);
	return copy;
}

X509 *authority_issue(
    const struct authority_recipe *recipe, const X509 *issuer, EVP_PKEY *issuer_key)
{
	scoped(X509) X509 *certificate = X509_new();
	scoped(X509_NAME) X509_NAME *subject = authority_name(recipe->subject);

	must(certificate && X509_set_version(certificate, recipe->version - 1)
	     && ASN1_INTEGER_set(X509_get_serialNumber(certificate), SERIAL)
	     && X509_set_subject_name(certificate, subject)
	     && X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject)
	     && X509_set_pubkey(certificate, recipe->key));
	set_dates(certificate, recipe);
	add_extension(certificate, NID_basic_constraints, recipe->basic_constraints);
	add_extension(certificate, NID_key_usage, recipe->key_usage);
	add_extension(certificate, NID_ext_key_usage, recipe->extended_key_usage);
	sign(certificate, recipe, issuer_key);
	return reread(certificate);
}
