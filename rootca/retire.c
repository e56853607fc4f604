/* The end of an overlap: of the CAs of its key or subject the gateway trusts the signer's alone. */
#include "agent/x509/certificate.h"
#include "base/scoped.h"
#include "base/text.h"
#include "rootca/commands.h"
#include "rootca/gateway_bundle.h"
#include "rootca/input.h"
#include "rootca/options.h"
#include "rootca/output.h"
#include "rootca/secret_object.h"
#include "rootca/standing.h"

#include <stdio.h>

#define NAMED_MOST 5

/* A host whose certificate is not of the signer's CA, or whose report does not say, is not ready. */
static bool check_fleet(
    const struct standing *standing, const struct options *options, struct error *error)
{
	scoped(fleet) struct fleet fleet = { .count = 0 };
	scoped(text) struct text_buffer named = TEXT_BUFFER_INIT(ERROR_MESSAGE_SIZE / 2);
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	size_t behind = 0;

	if (options->without_report)
		return true;
	if (!input_read_fleet(options->fleets, options->fleet_count, &fleet, error))
		return false;
	certificate_sha256(standing->pair.certificate, sha256);
	for (size_t i = 0; i < fleet.count; i++) {
		const struct fleet_identity *each = &fleet.identities[i];

		if (text_equal(each->issuer_sha256, sha256))
			continue;
		if (behind++ < NAMED_MOST)
			(void)text_printf(&named, "%s%.60s/%.60s", behind > 1 ? ", " : "",
			    each->host, each->identity);
	}
	if (behind == 0)
		return true;
	return error_set(error, ERROR_BUSY,
	    "%zu of %zu identities are not on the new CA yet: %s%s; renew them first (root-ca "
	    "report "
	    "shows them all)",
	    behind, fleet.count, named.data, behind > NAMED_MOST ? ", ..." : "");
}

/* Foreign ones stay where they are, and are named. */
static bool change_gateway(const struct standing *standing, struct error *error)
{
	scoped(X509_STACK) STACK_OF(X509) *bundle = sk_X509_new_null();
	char description[CERTIFICATE_DESCRIPTION_SIZE];

	for (int i = 0; bundle && i < sk_X509_num(standing->trusted); i++) {
		X509 *each = sk_X509_value(standing->trusted, i);
		const bool is_foreign = standing_is_foreign(standing, each);

		if (!is_foreign && X509_cmp(each, standing->pair.certificate) != 0)
			continue;
		if (!X509_add_cert(bundle, each, X509_ADD_FLAG_UP_REF))
			return error_set(error, ERROR_INTERNAL, "out of memory");
		if (!is_foreign)
			continue;
		certificate_describe(each, description);
		(void)fprintf(stderr,
		    "root-ca: the gateway goes on trusting %s, which has neither the key nor the "
		    "subject of the signer's CA\n",
		    description);
	}
	return bundle ? gateway_bundle_write(standing->gateway, bundle, error)
		      : error_set(error, ERROR_INTERNAL, "out of memory");
}

bool command_retire(const struct options *options, struct error *error)
{
	scoped(input) struct input input = { .count = 0 };
	scoped(standing) struct standing standing = { .signer = NULL };

	if (!input_read(options->operands, options->operand_count, &input, error)
	    || !standing_read(&input, &standing, error) || !standing_check_key(&standing, error))
		return false;
	if (standing.stage != STAGE_OVERLAP)
		return error_set(error, ERROR_CONFIG, "there is no overlap to end: %s; next: %s",
		    standing_stage_meaning(&standing), standing_next(&standing));
	if (!check_fleet(&standing, options, error) || !change_gateway(&standing, error))
		return false;
	secret_object_clean(standing.gateway);
	return output_secrets(&standing.gateway, 1, error);
}
