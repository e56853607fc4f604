#include "agent/audit/audit_certificate.h"

#include "agent/audit/audit.h"
#include "agent/state/store.h"
#include "agent/x509/certificate.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

/* NULL: none came with the certificate. */
static const X509 *issuer_of(const struct generation *generation)
{
	return sk_X509_num(generation->chain) > 0 ? sk_X509_value(generation->chain, 0) : NULL;
}

static void add_sha256(cJSON *facts, const char *name, const X509 *certificate)
{
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE] = "";

	if (certificate)
		certificate_sha256(certificate, sha256);
	json_add_string(facts, name, certificate ? sha256 : NULL);
}

static bool have_same_key(const X509 *a, const X509 *b)
{
	char of_a[CERTIFICATE_SHA256_TEXT_SIZE];
	char of_b[CERTIFICATE_SHA256_TEXT_SIZE];

	certificate_key_sha256(a, of_a);
	certificate_key_sha256(b, of_b);
	return text_equal(of_a, of_b);
}

bool audit_ca_changed(const struct store *store, const char *run_id,
    const struct generation *active, const struct generation *next, struct error *error)
{
	const X509 *old = issuer_of(active);
	const X509 *new = issuer_of(next);
	scoped(cJSON) cJSON *facts = NULL;

	if (!old || !new || X509_cmp(old, new) == 0)
		return true;
	facts = json_new_object();
	json_add_integer(facts, "generation", next->number);
	add_sha256(facts, "old_issuer_sha256", old);
	add_sha256(facts, "new_issuer_sha256", new);
	json_add_boolean(facts, "same_public_key", have_same_key(old, new));
	return audit_append(
	    store, &(struct audit_event){ "ca_changed", facts, "generation", run_id }, error);
}

static cJSON *facts_of(const struct generation *generation)
{
	cJSON *facts = json_new_object();

	json_add_integer(facts, "generation", generation->number);
	add_sha256(facts, "sha256", generation->certificate);
	add_sha256(facts, "issuer_sha256", issuer_of(generation));
	json_add_string(facts, "key_id", generation->key_id);
	return facts;
}

bool audit_certificate_activated(const struct store *store, const char *run_id,
    const struct generation *active, struct error *error)
{
	scoped(cJSON) cJSON *facts = facts_of(active);

	return audit_append(store,
	    &(struct audit_event){ "certificate_activated", facts, "sha256", run_id }, error);
}

bool audit_certificate_revoked(const struct store *store, const char *run_id,
    const struct generation *revoked, struct error *error)
{
	scoped(cJSON) cJSON *facts = facts_of(revoked);

	return audit_append(
	    store, &(struct audit_event){ "certificate_revoked", facts, "sha256", run_id }, error);
}
