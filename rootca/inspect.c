/* Both Secrets at a glance. */
#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"
#include "rootca/commands.h"
#include "rootca/input.h"
#include "rootca/options.h"
#include "rootca/output.h"
#include "rootca/secret_object.h"
#include "rootca/standing.h"

#include <openssl/x509v3.h>
#include <stdio.h>

#define KEY_IDENTIFIER_MAX 64 /* bytes that are shown */

/* "" when it has none. */
static void key_identifier(X509 *certificate, char text[2 * KEY_IDENTIFIER_MAX + 1])
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(certificate);
	int length = id ? ASN1_STRING_length(id) : 0;

	if (length > KEY_IDENTIFIER_MAX)
		length = KEY_IDENTIFIER_MAX;
	text_to_hex(id ? ASN1_STRING_get0_data(id) : NULL, (size_t)length, text);
}

static cJSON *describe(X509 *certificate, const struct standing *standing)
{
	cJSON *object = json_new_object();
	char text[CERTIFICATE_SHA256_TEXT_SIZE];
	char identifier[2 * KEY_IDENTIFIER_MAX + 1];
	scoped(char) char *subject = NULL;
	struct error ignored = ERROR_INIT;
	int64_t not_before = 0;
	int64_t not_after = 0;

	(void)!subject_format(X509_get_subject_name(certificate), &subject, &ignored);
	(void)!certificate_dates(certificate, &not_before, &not_after, &ignored);
	certificate_sha256(certificate, text);
	json_add_string(object, "sha256", text);
	json_add_string(object, "subject", subject);
	key_identifier(certificate, identifier);
	json_add_string(object, "key_identifier", identifier[0] ? identifier : NULL);
	certificate_key_sha256(certificate, text);
	json_add_string(object, "public_key_sha256", text);
	json_add_integer(object, "key_bits", certificate_key_bits(certificate));
	json_add_time(object, "not_before", not_before);
	json_add_time(object, "not_after", not_after);
	json_add_boolean(object, "not_yet_valid", not_before > clock_now());
	json_add_boolean(object, "expired", not_after < clock_now());
	json_add_boolean(object, "signs", X509_cmp(certificate, standing->pair.certificate) == 0);
	json_add_boolean(object, "key_of_the_signer",
	    standing_has_same_key(certificate, standing->pair.certificate));
	json_add_boolean(object, "foreign", standing_is_foreign(standing, certificate));
	return object;
}

static cJSON *describe_secret(const cJSON *secret)
{
	cJSON *object = json_new_object();
	char name[SECRET_NAME_SIZE];

	secret_object_name(secret, name);
	json_add_string(object, "secret", name);
	json_add_string(object, "resource_version",
	    json_string(json_member(secret, "metadata"), "resourceVersion"));
	json_add_boolean(object, "copied_by_apply", secret_object_was_applied(secret));
	return object;
}

static cJSON *describe_standing(const struct standing *standing)
{
	cJSON *object = json_new_object();
	cJSON *signer = describe_secret(standing->signer);
	cJSON *gateway = describe_secret(standing->gateway);
	cJSON *trusted;

	json_add_integer(object, "schema_version", 1);
	json_add_boolean(object, "failed", false);
	json_add_string(
	    signer, "key_fault", standing->pair.key ? NULL : standing->key_fault.message);
	json_add_item(signer, "ca", describe(standing->pair.certificate, standing));
	json_add_item(object, "signer", signer);
	trusted = json_add_array(gateway, "trusted");
	for (int i = 0; i < sk_X509_num(standing->trusted); i++)
		(void)cJSON_AddItemToArray(
		    trusted, describe(sk_X509_value(standing->trusted, i), standing));
	json_add_item(object, "gateway", gateway);
	json_add_string(object, "stage", standing_stage_name(standing->stage));
	json_add_string(object, "meaning", standing_stage_meaning(standing));
	json_add_string(object, "next", standing_next(standing));
	return object;
}

static const char *warning_of_dates(const cJSON *ca)
{
	if (json_boolean(ca, "not_yet_valid", false))
		return "  NOT YET VALID";
	return json_boolean(ca, "expired", false) ? "  EXPIRED" : "";
}

static void print_ca(const cJSON *ca)
{
	const char *identifier = json_string(ca, "key_identifier");
	char kind[32] = "not RSA";
	int64_t bits = 0;

	if (json_integer(ca, "key_bits", &bits) && bits != 0)
		(void)text_format(kind, sizeof(kind), "RSA %d", (int)bits);
	printf("    subject  %s\n    sha256   %s\n    key      %s, %s%s\n    key id   %s\n"
	       "    valid    %s to %s%s\n",
	    json_string(ca, "subject"), json_string(ca, "sha256"),
	    json_string(ca, "public_key_sha256"), kind,
	    json_boolean(ca, "key_of_the_signer", false) ? ", the signer's" : ", not the signer's",
	    identifier ? identifier : "none", json_string(ca, "not_before"),
	    json_string(ca, "not_after"), warning_of_dates(ca));
}

static void print_head(const char *what, const cJSON *secret)
{
	printf("%s  %s, resourceVersion %s\n", what, json_string(secret, "secret"),
	    json_string(secret, "resource_version"));
	if (json_boolean(secret, "copied_by_apply", false))
		printf("  WARNING: an annotation of kubectl apply carries a copy of its data; use "
		       "kubectl replace\n");
}

static const char *role_of(const cJSON *trusted)
{
	if (json_boolean(trusted, "signs", false))
		return ", the one that signs";
	return json_boolean(trusted, "foreign", false) ? ", of another key and another subject"
						       : "";
}

static void print_standing(const cJSON *object)
{
	const cJSON *signer = json_member(object, "signer");
	const cJSON *gateway = json_member(object, "gateway");
	const char *fault = json_string(signer, "key_fault");
	const cJSON *each;
	int number = 0;

	print_head("signer ", signer);
	if (fault)
		printf("  the CA that signs; WARNING: %s\n", fault);
	else
		printf("  the CA that signs; its key belongs to it\n");
	print_ca(json_member(signer, "ca"));
	print_head("gateway", gateway);
	cJSON_ArrayForEach (each, json_member(gateway, "trusted")) {
		printf("  trusted CA %d%s\n", ++number, role_of(each));
		print_ca(each);
	}
	printf("%s: %s\nnext: %s\n", json_string(object, "stage"), json_string(object, "meaning"),
	    json_string(object, "next"));
}

bool command_inspect(const struct options *options, struct error *error)
{
	scoped(input) struct input input = { .count = 0 };
	scoped(standing) struct standing standing = { .signer = NULL };
	scoped(cJSON) cJSON *object = NULL;

	if (!input_read(options->operands, options->operand_count, &input, error)
	    || !standing_read(&input, &standing, error))
		return false;
	object = describe_standing(&standing);
	if (options->json)
		return output_json(object, error);
	print_standing(object);
	return true;
}
