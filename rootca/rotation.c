#include "rootca/rotation.h"

#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "rootca/new_ca.h"
#include "rootca/options.h"
#include "rootca/standing.h"

#include <stdint.h>

#define DAY INT64_C(24 * 60 * 60)
#define SKEW INT64_C(5 * 60) /* of the clock that the present CA was made by */

void rotation_clear(struct rotation *rotation)
{
	X509_free(rotation->certificate);
	EVP_PKEY_free(rotation->key);
	*rotation = (struct rotation){ .certificate = NULL };
}

static bool refuse_half_done(const struct standing *standing, struct error *error)
{
	return error_set(error, ERROR_CONFIG, "%s; %s", standing_stage_meaning(standing),
	    standing_next(standing));
}

/* The signer has the new key already, and it is sound. */
static bool has_a_new_key(const struct standing *standing)
{
	return standing->stage == STAGE_SIGNER_AHEAD && standing->pair.key
	       && !standing_trusts_key(standing);
}

/* From where a rotation for this reason may begin. A key that is compromised is replaced whatever
   else is under way, and needs not be there. */
static bool check_beginning(
    const struct standing *standing, const struct options *options, struct error *error)
{
	if (options->reason == ROTATION_COMPROMISED_KEY)
		return !has_a_new_key(standing) || refuse_half_done(standing, error);
	if (!standing_check_key(standing, error))
		return false;
	if (standing->stage == STAGE_OVERLAP && options->reason == ROTATION_EXPIRING)
		return error_set(error, ERROR_CONFIG, "this rotation has been done already: %s; %s",
		    standing_stage_meaning(standing), standing_next(standing));
	return standing->stage == STAGE_STEADY || standing->stage == STAGE_OVERLAP
	       || refuse_half_done(standing, error);
}

/* An overlap with a CA that is dead, or one that ends sooner than the old one, carries nobody over. */
static bool check_end(
    int64_t not_after, const struct options *options, int64_t now, struct error *error)
{
	char moment[CLOCK_TEXT_SIZE];

	clock_format(not_after, moment);
	if (not_after <= now)
		return error_set(error, ERROR_CONFIG,
		    "the signer's CA certificate has expired at %s, so that there is nothing left "
		    "to overlap with: rotate --reason compromised-certificate puts a new "
		    "certificate of the same key in its place",
		    moment);
	if (not_after >= now + options->days * DAY)
		return error_set(error, ERROR_CONFIG,
		    "the present CA certificate lasts until %s, longer than a new one of %u days: "
		    "raise --days",
		    moment, options->days);
	return true;
}

/* The new certificate begins after the one it takes the place of. */
static bool check_dates(
    const X509 *old, const struct options *options, int64_t now, struct error *error)
{
	char moment[CLOCK_TEXT_SIZE];
	int64_t not_before;
	int64_t not_after;

	if (!certificate_dates(old, &not_before, &not_after, error)) {
		if (options->reason == ROTATION_EXPIRING)
			return false;
		error_clear(error);
		return true;
	}
	clock_format(not_before, moment);
	if (not_before > now + SKEW)
		return error_set(error, ERROR_CONFIG,
		    "the present CA certificate is not yet valid, until %s: look at this host's "
		    "clock, or wait",
		    moment);
	return options->reason != ROTATION_EXPIRING || check_end(not_after, options, now, error);
}

/* A subject that the gateway has not trusted locks everybody out. */
static bool check_subject(const struct standing *standing, const struct options *options,
    const X509_NAME *subject, struct error *error)
{
	const X509_NAME *present = X509_get_subject_name(standing->pair.certificate);
	scoped(char) char *text = NULL;

	if (options->change_subject
	    || (X509_NAME_cmp(subject, present) == 0 && standing_trusts_subject(standing)))
		return true;
	return subject_format(subject, &text, error)
	       && error_set(error, ERROR_CONFIG,
		   "the CA from now on would be %.200s, and this is not the subject that the "
		   "gateway "
		   "trusts now: make sure that both Secrets are of one installation; if the "
		   "subject is changed on purpose, say so by %s--change-subject",
		   text, options->finish ? "" : "--subject NAME ");
}

static bool choose_subject(const struct standing *standing, const struct options *options,
    X509_NAME **ret_subject, struct error *error)
{
	if (options->subject) {
		if (subject_parse(options->subject, ret_subject, error))
			return true;
		error->kind = ERROR_USAGE;
		return error_prefix(error, "--subject");
	}
	*ret_subject = X509_NAME_dup(X509_get_subject_name(standing->pair.certificate));
	return *ret_subject || error_set(error, ERROR_INTERNAL, "out of memory");
}

bool rotation_begin(const struct standing *standing, const struct options *options,
    struct rotation *ret_rotation, struct error *error)
{
	const bool new_key = options->reason == ROTATION_COMPROMISED_KEY;
	const X509 *old = standing->successor ? standing->successor : standing->pair.certificate;
	scoped(rotation) struct rotation rotation = {
		.signer_changes = true,
		.gateway_changes = true,
		.keeps_trusted = options->reason == ROTATION_EXPIRING,
	};
	scoped(X509_NAME) X509_NAME *subject = NULL;
	const int64_t now = clock_now();

	if (!check_beginning(standing, options, error) || !check_dates(old, options, now, error)
	    || !choose_subject(standing, options, &subject, error)
	    || !check_subject(standing, options, subject, error)
	    || (new_key && !new_ca_key(&rotation.key, error))
	    || !new_ca_certificate(new_key ? rotation.key : standing->pair.key, subject, old, now,
		options->days, &rotation.certificate, error))
		return false;

	*ret_rotation = rotation;
	rotation = (struct rotation){ .certificate = NULL };
	return true;
}

/* Whether what stands there half-way is a rotation for this reason. */
static bool check_halves(
    const struct standing *standing, const struct options *options, struct error *error)
{
	const bool new_key = options->reason == ROTATION_COMPROMISED_KEY;

	if (standing->stage != STAGE_GATEWAY_AHEAD && standing->stage != STAGE_SIGNER_AHEAD)
		return error_set(error, ERROR_CONFIG, "there is nothing to finish: %s; next: %s",
		    standing_stage_meaning(standing), standing_next(standing));
	if (standing_trusts_key(standing) == new_key)
		return error_set(error, ERROR_CONFIG,
		    "what was begun is not a rotation for this reason: %s; %s",
		    standing_stage_meaning(standing), standing_next(standing));
	return true;
}

bool rotation_finish(const struct standing *standing, const struct options *options,
    struct rotation *ret_rotation, struct error *error)
{
	const bool keeps_trusted = options->reason == ROTATION_EXPIRING;
	X509 *certificate = standing->successor ? standing->successor : standing->pair.certificate;

	if (!standing_check_key(standing, error) || !check_halves(standing, options, error)
	    || !check_subject(standing, options, X509_get_subject_name(certificate), error))
		return false;
	(void)X509_up_ref(certificate);
	*ret_rotation = (struct rotation){
		.certificate = certificate,
		.keeps_trusted = keeps_trusted,
		.signer_changes = standing->stage == STAGE_GATEWAY_AHEAD,
		.gateway_changes = standing->stage == STAGE_SIGNER_AHEAD
				   || (!keeps_trusted && sk_X509_num(standing->trusted) > 1),
	};
	return true;
}
