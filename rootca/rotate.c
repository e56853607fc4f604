/* What the guide's steps for each reason amount to. */
#include "agent/x509/bundle.h"
#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"
#include "rootca/commands.h"
#include "rootca/input.h"
#include "rootca/new_ca.h"
#include "rootca/options.h"
#include "rootca/output.h"
#include "rootca/secret_object.h"
#include "rootca/standing.h"
#include "rootca/wiping.h"

#include <stdio.h>
#include <string.h>

/* What is to become of the two Secrets. */
struct plan {
	X509 *certificate;   /* the CA from now on; owned */
	EVP_PKEY *key;       /* its key, when it is a new one; owned, NULL: as it is */
	bool signer_changes; /* else it has it already */
	bool keeps_trusted;  /* the gateway goes on trusting what it trusts */
	bool gateway_changes;
};

static void plan_clear(struct plan *plan)
{
	X509_free(plan->certificate);
	EVP_PKEY_free(plan->key);
}

__attribute__((unused)) static inline void scoped_destroy_plan(struct plan *plan)
{
	plan_clear(plan);
}

static bool refuse_half_done(const struct standing *standing, struct error *error)
{
	return error_set(error, ERROR_CONFIG, "%s; %s", standing_stage_meaning(standing),
	    standing_next(standing));
}

/* From where a rotation for this reason may begin. */
static bool check_beginning(
    const struct standing *standing, const struct options *options, struct error *error)
{
	if (standing->stage == STAGE_GATEWAY_AHEAD || standing->stage == STAGE_SIGNER_AHEAD)
		return refuse_half_done(standing, error);
	if (standing->stage == STAGE_SIGNER_BEHIND && options->reason != ROTATION_COMPROMISED_KEY)
		return refuse_half_done(standing, error);
	if (standing->stage == STAGE_OVERLAP && options->reason == ROTATION_EXPIRING)
		return error_set(error, ERROR_CONFIG, "this rotation has been done already: %s; %s",
		    standing_stage_meaning(standing), standing_next(standing));
	return true;
}

/* An overlap with a CA that is dead, or one that ends sooner than the old one, carries nobody over. */
static bool check_dates(const struct standing *standing, const struct options *options, int64_t now,
    struct error *error)
{
	char moment[CLOCK_TEXT_SIZE];
	int64_t not_before;
	int64_t not_after;

	if (options->reason != ROTATION_EXPIRING)
		return true;
	if (!certificate_dates(standing->pair.certificate, &not_before, &not_after, error))
		return false;
	clock_format(not_after, moment);
	if (not_after <= now)
		return error_set(error, ERROR_CONFIG,
		    "the signer's CA certificate has expired at %s, so that there is nothing left "
		    "to overlap with: rotate --reason compromised-certificate puts a new "
		    "certificate of the same key in its place",
		    moment);
	if (not_after >= now + (int64_t)options->days * 24 * 60 * 60)
		return error_set(error, ERROR_CONFIG,
		    "the present CA certificate lasts until %s, longer than a new one of %u days: "
		    "raise --days",
		    moment, options->days);
	return true;
}

static bool choose_subject(const struct standing *standing, const struct options *options,
    X509_NAME **ret_subject, struct error *error)
{
	if (options->subject) {
		if (!subject_parse(options->subject, ret_subject, error)) {
			error->kind = ERROR_USAGE;
			return error_prefix(error, "--subject");
		}
		(void)fprintf(stderr,
		    "root-ca: warning: with another subject every certificate of the old CA is "
		    "refused from now on: all hosts need one-time tokens\n");
		return true;
	}
	*ret_subject = X509_NAME_dup(X509_get_subject_name(standing->pair.certificate));
	return *ret_subject || error_set(error, ERROR_INTERNAL, "out of memory");
}

static bool plan_new(const struct standing *standing, const struct options *options,
    struct plan *plan, struct error *error)
{
	const bool new_key = options->reason == ROTATION_COMPROMISED_KEY;
	scoped(X509_NAME) X509_NAME *subject = NULL;
	const int64_t now = clock_now();

	if (!check_beginning(standing, options, error)
	    || !check_dates(standing, options, now, error)
	    || !choose_subject(standing, options, &subject, error)
	    || (new_key && !new_ca_key(&plan->key, error)))
		return false;
	plan->signer_changes = true;
	plan->gateway_changes = true;
	plan->keeps_trusted = options->reason == ROTATION_EXPIRING;
	return new_ca_certificate(new_key ? plan->key : standing->pair.key, subject,
	    standing->pair.certificate, now, options->days, &plan->certificate, error);
}

/* Whether what stands there half-way is a rotation for this reason. */
static bool check_halves(
    const struct standing *standing, const struct options *options, struct error *error)
{
	const bool new_key = options->reason == ROTATION_COMPROMISED_KEY;
	bool same_key = false;

	if (standing->stage != STAGE_GATEWAY_AHEAD && standing->stage != STAGE_SIGNER_AHEAD)
		return error_set(error, ERROR_CONFIG, "there is nothing to finish: %s; next: %s",
		    standing_stage_meaning(standing), standing_next(standing));
	for (int i = 0; i < sk_X509_num(standing->trusted); i++)
		same_key = same_key
			   || standing_has_same_key(
			       sk_X509_value(standing->trusted, i), standing->pair.certificate);
	if (same_key == new_key)
		return error_set(error, ERROR_CONFIG,
		    "what was begun is not a rotation for this reason: %s; %s",
		    standing_stage_meaning(standing), standing_next(standing));
	return true;
}

static bool plan_rest(const struct standing *standing, const struct options *options,
    struct plan *plan, struct error *error)
{
	X509 *certificate = standing->successor ? standing->successor : standing->pair.certificate;

	if (!check_halves(standing, options, error))
		return false;
	(void)X509_up_ref(certificate);
	plan->certificate = certificate;
	plan->keeps_trusted = options->reason == ROTATION_EXPIRING;
	plan->signer_changes = standing->stage == STAGE_GATEWAY_AHEAD;
	plan->gateway_changes = standing->stage == STAGE_SIGNER_AHEAD
				|| (!plan->keeps_trusted && sk_X509_num(standing->trusted) > 1);
	return true;
}

static bool change_signer(
    const struct standing *standing, const struct plan *plan, struct error *error)
{
	scoped(char) char *certificate = NULL;
	scoped(wiped) char *key = NULL;
	size_t length = 0;

	return bundle_format(plan->certificate, NULL, &certificate, error)
	       && secret_object_set(
		   standing->signer, "ca.crt", certificate, strlen(certificate), error)
	       && (!plan->key
		   || (ca_pair_format_key(plan->key, &key, &length, error)
		       && secret_object_set(standing->signer, "ca.key", key, length, error)));
}

/* The old ones first, as the guide has it. */
static bool change_gateway(
    const struct standing *standing, const struct plan *plan, struct error *error)
{
	scoped(char) char *kept = NULL;
	scoped(char) char *added = NULL;
	scoped(text) struct text_buffer bundle = TEXT_BUFFER_INIT(BUNDLE_SIZE_MAX);

	if ((plan->keeps_trusted && !bundle_format(NULL, standing->trusted, &kept, error))
	    || !bundle_format(plan->certificate, NULL, &added, error))
		return false;
	if (!text_add_string(&bundle, kept ? kept : "") || !text_add_string(&bundle, added))
		return error_set(error, ERROR_CONFIG,
		    "the gateway's bundle would get too long: retire old CAs first");
	return secret_object_set(
	    standing->gateway, standing->trust_key, bundle.data, bundle.length, error);
}

/* With an overlap the gateway has to know the new CA before the signer uses it; without one the new
   key, which is nowhere else, is brought to safety first. */
static bool print(const struct standing *standing, const struct plan *plan, struct error *error)
{
	cJSON *changed[2];
	size_t count = 0;

	if (plan->gateway_changes && plan->keeps_trusted)
		changed[count++] = standing->gateway;
	if (plan->signer_changes)
		changed[count++] = standing->signer;
	if (plan->gateway_changes && !plan->keeps_trusted)
		changed[count++] = standing->gateway;
	return output_secrets(changed, count, error);
}

static void warn_of_copies(const cJSON *secret)
{
	char name[SECRET_NAME_SIZE];

	secret_object_name(secret, name);
	if (secret_object_was_applied(secret) && secret_object_has(secret, "ca.key"))
		(void)fprintf(stderr,
		    "root-ca: warning: the Secret %s carries its private key in an annotation too, "
		    "since it was made by `kubectl apply`: it is taken out here; use `kubectl "
		    "replace`\n",
		    name);
}

bool command_rotate(const struct options *options, struct error *error)
{
	scoped(input) struct input input = { .count = 0 };
	scoped(standing) struct standing standing = { .signer = NULL };
	scoped(plan) struct plan plan = { .certificate = NULL };

	if (!input_read(options->operands, options->operand_count, &input, error)
	    || !standing_read(&input, &standing, error))
		return false;
	warn_of_copies(standing.signer);
	secret_object_clean(standing.signer);
	secret_object_clean(standing.gateway);
	if (options->finish ? !plan_rest(&standing, options, &plan, error)
			    : !plan_new(&standing, options, &plan, error))
		return false;
	return (!plan.signer_changes || change_signer(&standing, &plan, error))
	       && (!plan.gateway_changes || change_gateway(&standing, &plan, error))
	       && print(&standing, &plan, error);
}
