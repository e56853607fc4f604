#include "agent/renewal/access.h"
#include "agent/renewal/connection.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/x509/csr.h"
#include "agent/x509/subject.h"
#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "transport/connector.h"
#include "transport/url.h"

#include <string.h>

/* "rsa2048": the least size that the Connector names. It enforces nothing, and names no others. */
static bool check_algorithm(
    const struct run *run, const char *algorithm, enum phase *ret_after, struct error *error)
{
	uint64_t bits = 0;

	if (!text_starts_with(algorithm, "rsa")
	    || !text_parse_number(algorithm + 3, 512, 65536, &bits))
		return error_set(error, ERROR_CONNECTOR,
		    "the Connector wants a key of the kind \"%s\"; this agent makes RSA keys",
		    algorithm);
	if (bits <= run->journal.key_bits)
		return true;
	/* Another key is made with the setting that is meant here. */
	*ret_after = PHASE_REJECTED;
	return error_set(error, ERROR_CONNECTOR,
	    "the Connector wants RSA %u at least, the key has %u: set key_bits", (unsigned)bits,
	    run->journal.key_bits);
}

/* A changed common name would be another identity. */
static bool check_common_name(const struct run *run, const X509_NAME *subject, struct error *error)
{
	scoped(char) char *asked = NULL;
	scoped(char) char *present = NULL;

	if (run->journal.enrolment || run->active.number == 0)
		return true;
	if (!subject_common_name(subject, &asked, error)
	    || !subject_common_name(
		X509_get_subject_name(run->active.certificate), &present, error))
		return false;
	if (text_equal(asked, present))
		return true;
	return error_set(error, ERROR_VERIFICATION,
	    "the Connector wants the common name %s, the present certificate has %s: enroll anew "
	    "if this is meant",
	    asked, present);
}

static void keep_url(const char *url, char kept[JOURNAL_URL_SIZE])
{
	if (!url || !text_copy(kept, JOURNAL_URL_SIZE, url))
		kept[0] = '\0';
}

/* One that may not be followed is not kept: it would be shown as where the Connector is. */
static void keep_connector_url(struct run *run, const char *url)
{
	char shown[URL_SHOWN_SIZE];

	if (url && !connection_url_is_allowed(run, url)) {
		url_show(url, shown);
		run_warn(run,
		    "the Connector names %s as its URL, which connector_hosts does not allow: "
		    "going on with %s",
		    strchr(shown, '@') ? "one with a user name" : shown,
		    run->settings->connector_url);
		url = NULL;
	}
	keep_url(url, run->journal.connector_url);
}

static void name_key(const struct run *run, struct error *error)
{
	error_set(error, error->kind, "%s (key %s): doctor shows whether token and signer sign",
	    error->message, run->journal.key_id);
}

/* A key that no signer gets a right signature from will not do better next time, one that does not
   sign at all may; unless it was the session that ended, which pkcs11prov takes for a signature. */
bool request_sign(struct run *run, const X509_NAME *subject, enum phase *ret_after, char **ret_csr,
    struct error *error)
{
	scoped(EVP_PKEY) EVP_PKEY *public_key = NULL;
	enum csr_signature signature;
	struct key_id id;

	if (!key_id_parse(run->journal.key_id, &id))
		return error_set(error, ERROR_DAMAGED, "%s/journal.json holds no key id: \"%s\"",
		    store_path(run->store), run->journal.key_id);
	if (!key_pair_public_key(access_token(run), &id, &public_key, error))
		return false;
	do {
		scoped(EVP_PKEY) EVP_PKEY *key = NULL;

		if (!access_load_key(run, &id, &key, error))
			return false;
		if (csr_build(key, public_key, subject, ret_csr, &signature, error))
			return true;
		run->signer_failed = signature == CSR_SIGNATURE_MISSING;
		run->signature_failed = run->signer_failed || signature == CSR_SIGNATURE_WRONG;
		if (run->signature_failed)
			name_key(run, error);
	} while (access_take_over(run, error));
	if (signature == CSR_SIGNATURE_WRONG && !access_has_ended(run, error))
		*ret_after = PHASE_REJECTED;
	return false;
}

bool request_build(struct run *run, const struct connector_configuration *configuration,
    enum phase *ret_after, char **ret_csr, struct error *error)
{
	scoped(X509_NAME) X509_NAME *subject = NULL;

	if (!check_algorithm(run, configuration->key_algorithm, ret_after, error)
	    || !subject_parse(configuration->subject, &subject, error)
	    || !check_common_name(run, subject, error)
	    || !request_sign(run, subject, ret_after, ret_csr, error))
		return false;
	keep_url(configuration->director_url, run->journal.director_url);
	keep_connector_url(run, configuration->connector_url);
	/* The second request has as long as the first. */
	run_note_step(run, run->settings->step_timeout, "requesting the certificate");
	return true;
}
