/* What the guide's steps for each reason amount to. */
#include "agent/x509/bundle.h"
#include "agent/x509/certificate.h"
#include "base/scoped.h"
#include "rootca/commands.h"
#include "rootca/gateway_bundle.h"
#include "rootca/input.h"
#include "rootca/options.h"
#include "rootca/output.h"
#include "rootca/rotation.h"
#include "rootca/secret_object.h"
#include "rootca/standing.h"
#include "rootca/wiping.h"

#include <stdio.h>
#include <string.h>

static bool change_signer(
    const struct standing *standing, const struct rotation *rotation, struct error *error)
{
	scoped(char) char *certificate = NULL;
	scoped(wiped) char *key = NULL;
	size_t length = 0;

	return bundle_format(rotation->certificate, NULL, &certificate, error)
	       && secret_object_set(
		   standing->signer, "ca.crt", certificate, strlen(certificate), error)
	       && (!rotation->key
		   || (ca_pair_format_key(rotation->key, &key, &length, error)
		       && secret_object_set(standing->signer, "ca.key", key, length, error)));
}

/* The old ones first, as the guide has it. */
static bool change_gateway(
    const struct standing *standing, const struct rotation *rotation, struct error *error)
{
	scoped(X509_STACK) STACK_OF(X509) *bundle =
	    rotation->keeps_trusted ? X509_chain_up_ref(standing->trusted) : sk_X509_new_null();

	if (!bundle || !X509_add_cert(bundle, rotation->certificate, X509_ADD_FLAG_UP_REF))
		return error_set(error, ERROR_INTERNAL, "out of memory");
	return gateway_bundle_write(standing->gateway, bundle, error);
}

/* With an overlap the gateway has to know the new CA before the signer uses it; without one the new
   key, which is nowhere else, is to be safe before the gateway trusts nothing else. kubectl replaces
   in this order, but goes on after one that it could not replace. */
static bool print(
    const struct standing *standing, const struct rotation *rotation, struct error *error)
{
	cJSON *changed[2];
	size_t count = 0;

	if (rotation->gateway_changes && rotation->keeps_trusted)
		changed[count++] = standing->gateway;
	if (rotation->signer_changes)
		changed[count++] = standing->signer;
	if (rotation->gateway_changes && !rotation->keeps_trusted)
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

static void warn_of_subject(const struct rotation *rotation)
{
	(void)fprintf(stderr,
	    "root-ca: warning: with another subject every certificate of the old "
	    "CA is refused %s\n",
	    rotation->keeps_trusted ? "from its retirement on: renew all hosts before"
				    : "from now on: all hosts need one-time tokens");
}

/* The compromised CA may be any of these, for all that can be seen: none is kept. */
static void warn_of_foreign(const struct standing *standing)
{
	char description[CERTIFICATE_DESCRIPTION_SIZE];

	for (int i = 0; i < sk_X509_num(standing->trusted); i++) {
		const X509 *each = sk_X509_value(standing->trusted, i);

		if (!standing_is_foreign(standing, each))
			continue;
		certificate_describe(each, description);
		(void)fprintf(stderr,
		    "root-ca: warning: the gateway trusts %s no more, which has neither the key "
		    "nor "
		    "the subject of the signer's CA: if it is another installation's, add it to "
		    "the bundle again\n",
		    description);
	}
}

bool command_rotate(const struct options *options, struct error *error)
{
	scoped(input) struct input input = { .count = 0 };
	scoped(standing) struct standing standing = { .signer = NULL };
	scoped(rotation) struct rotation rotation = { .certificate = NULL };

	if (!input_read(options->operands, options->operand_count, &input, error)
	    || !standing_read(&input, &standing, error))
		return false;
	warn_of_copies(standing.signer);
	secret_object_clean(standing.signer);
	secret_object_clean(standing.gateway);
	if (options->finish ? !rotation_finish(&standing, options, &rotation, error)
			    : !rotation_begin(&standing, options, &rotation, error))
		return false;
	if (options->change_subject)
		warn_of_subject(&rotation);
	if (rotation.gateway_changes && !rotation.keeps_trusted
	    && !(options->finish && options->change_subject))
		warn_of_foreign(&standing);
	return (!rotation.signer_changes || change_signer(&standing, &rotation, error))
	       && (!rotation.gateway_changes || change_gateway(&standing, &rotation, error))
	       && print(&standing, &rotation, error);
}
