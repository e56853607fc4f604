#include "agent/examination/examination.h"
#include "agent/renewal/access.h"
#include "agent/renewal/generation_key.h"
#include "base/scoped.h"
#include "base/text.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#define SIGNATURE_MAX 2048 /* bytes: RSA of 16384 bits */

void examine_signer(struct examination *examination, struct check *check)
{
	struct run *run = &examination->run;
	struct error error = ERROR_INIT;

	if (run->active.number != 0 && generation_key_is_in_file(&run->active)) {
		if (generation_key_load(run, &run->active, &examination->key, &error))
			check_set_ok(
			    check, "none is needed: the key is in a file, %s", run->active.key_uri);
		else
			check_set_failed(
			    check, "Bring the file back, or enroll with a one-time token.", &error);
		return;
	}
	if (generation_key_load(run, &run->active, &examination->key, &error))
		check_set_ok(check, "%s", run->outcome.signer);
	else
		check_set_failed(check,
		    "Install the signer's package, if the message names one, or set `signer`.",
		    &error);
}

static bool set_padding(EVP_PKEY_CTX *context, int padding)
{
	return EVP_PKEY_CTX_set_rsa_padding(context, padding) > 0
	       && (padding != RSA_PKCS1_PSS_PADDING
		   || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0);
}

/* Signed by the token, verified in software: a signer may say success and be wrong. */
static bool sign_and_verify(
    EVP_PKEY *key, EVP_PKEY *public_key, int padding, const char *name, struct error *error)
{
	static const unsigned char text[] = "renewal-agent doctor";
	scoped(EVP_MD_CTX) EVP_MD_CTX *signing = EVP_MD_CTX_new();
	scoped(EVP_MD_CTX) EVP_MD_CTX *verifying = EVP_MD_CTX_new();
	unsigned char signature[SIGNATURE_MAX];
	size_t length = sizeof(signature);
	EVP_PKEY_CTX *context;

	ERR_clear_error();
	if (!signing || !verifying)
		return error_set(error, ERROR_INTERNAL, "no memory for a signature");
	if (EVP_DigestSignInit(signing, &context, EVP_sha256(), NULL, key) <= 0
	    || !set_padding(context, padding)
	    || EVP_DigestSign(signing, signature, &length, text, sizeof(text)) <= 0)
		return error_set_openssl(error, ERROR_TOKEN, "the token did not sign by %s", name);
	if (EVP_DigestVerifyInit(verifying, &context, EVP_sha256(), NULL, public_key) <= 0
	    || !set_padding(context, padding)
	    || EVP_DigestVerify(verifying, signature, length, text, sizeof(text)) != 1)
		return error_set(
		    error, ERROR_TOKEN, "the token's signature by %s does not verify", name);
	return true;
}

/* Whether the signer in use, or with `signer = auto` the next that is right, signs as the
   certificate request needs it. *error tells of those that failed. */
static bool find_signer(struct examination *examination, EVP_PKEY *public_key, struct error *error)
{
	struct run *run = &examination->run;

	do {
		if (!examination->key
		    && !generation_key_load(run, &run->active, &examination->key, error))
			return false;
		if (sign_and_verify(
			examination->key, public_key, RSA_PKCS1_PADDING, "PKCS#1 v1.5", error))
			return true;
		EVP_PKEY_free(take(examination->key));
		run->signature_failed = !generation_key_is_in_file(&run->active);
	} while (access_take_over(run, error));
	return false;
}

void examine_self_test(struct examination *examination, struct check *check)
{
	EVP_PKEY *public_key = X509_get0_pubkey(examination->run.active.certificate);
	const bool in_file = generation_key_is_in_file(&examination->run.active);
	const char *signer = in_file ? "the key file" : examination->run.outcome.signer;
	char first[sizeof(examination->run.outcome.signer)];
	struct error error = ERROR_INIT;

	text_format(first, sizeof(first), "%s", signer);
	if (!find_signer(examination, public_key, &error)) {
		check_set_failed(check,
		    "See whether the token is well; set `signer` to another one that is "
		    "installed.",
		    &error);
		return;
	}
	examination->key_signs = true;
	if (!text_equal(first, signer))
		check_set_warning(check, "Set `signer` to the one that signs rightly.",
		    "the signer \"%s\" signs wrongly or not at all; \"%s\" takes over", first,
		    signer);
	else if (sign_and_verify(
		     examination->key, public_key, RSA_PKCS1_PSS_PADDING, "PSS", &error))
		check_set_ok(check, "%s signs by PKCS#1 v1.5 and PSS, and both verify", signer);
	else
		check_set_warning(check, "Only TLS 1.2 works without PSS.", "%s", error.message);
}
