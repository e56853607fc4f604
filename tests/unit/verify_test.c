#include "agent/x509/verify.h"

#include "agent/x509/bundle.h"
#include "agent/x509/subject.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"

#include <string.h>

#define REQUESTED "O=Org,OU=OrgUnit,L=locality,ST=province,C=DE,CN=4f1c-cn"
#define ISSUED "C=DE,ST=province,L=locality,O=Org,OU=OrgUnit,CN=4f1c-cn"
#define CA "CN=Kyma"
#define ROOT "CN=Root"
#define MINUTE ((int64_t)60)

enum { OUR_KEY, CA_KEY, ROOT_KEY, OTHER_KEY };

/* One answer of the Connector; a test changes what it is about before it is issued. */
struct scene {
	struct authority_recipe leaf;
	struct authority_recipe ca;
	STACK_OF(X509) *returned;
	X509 *issuer; /* borrowed from `returned` */
	X509_NAME *subject;
	struct verify_request request;
	struct verify_result result;
	struct error error;
};

static struct scene scene_begin(void)
{
	struct scene scene = {
		.leaf = authority_leaf(ISSUED, authority_key(OUR_KEY)),
		.ca = authority_ca(CA, authority_key(CA_KEY)),
		.returned = sk_X509_new_null(),
		.request = {
			.public_key = authority_key(OUR_KEY),
			.common_name = "4f1c-cn",
			.now = AUTHORITY_NOW,
			.clock_skew = 5 * MINUTE,
			.least_lifetime = 10 * MINUTE,
		},
		.error = ERROR_INIT,
	};

	assert_non_null(scene.returned);
	assert_ok(subject_parse(REQUESTED, &scene.subject, &scene.error), &scene.error);
	return scene;
}

static void scoped_destroy_scene(struct scene *scene)
{
	sk_X509_pop_free(scene->returned, X509_free);
	X509_NAME_free(scene->subject);
	X509_free(scene->request.leaf);
	verify_result_clear(&scene->result);
}

/* Borrowed from the scene. */
static X509 *add(struct scene *scene, const struct authority_recipe *recipe, const X509 *issuer,
    unsigned issuer_key)
{
	X509 *certificate = authority_issue(recipe, issuer, authority_key(issuer_key));

	assert_true(sk_X509_push(scene->returned, certificate));
	return certificate;
}

/* The self-signed CA of a plain installation. */
static void add_ca(struct scene *scene)
{
	scene->issuer = add(scene, &scene->ca, NULL, CA_KEY);
}

/* CA and root, in the order in which the Connector sends them. */
static void add_ca_and_root(struct scene *scene)
{
	struct authority_recipe recipe = authority_ca(ROOT, authority_key(ROOT_KEY));
	X509 *root = authority_issue(&recipe, NULL, authority_key(ROOT_KEY));

	scene->issuer = add(scene, &scene->ca, root, ROOT_KEY);
	assert_true(sk_X509_push(scene->returned, root));
}

static bool verify(struct scene *scene)
{
	if (!scene->request.leaf)
		scene->request.leaf =
		    authority_issue(&scene->leaf, scene->issuer, authority_key(CA_KEY));
	scene->request.returned = scene->returned;
	scene->request.subject = scene->subject;
	return verify_issued(&scene->request, &scene->result, &scene->error);
}

static void assert_verified(struct scene *scene, const char *warning)
{
	assert_ok(verify(scene), &scene->error);
	assert_string_equal(scene->result.warning, warning);
}

static void assert_warned(struct scene *scene, const char *warning)
{
	assert_ok(verify(scene), &scene->error);
	if (!strstr(scene->result.warning, warning))
		fail_msg("\"%s\" does not say \"%s\"", scene->result.warning, warning);
}

static void assert_denied(struct scene *scene, const char *reason)
{
	assert_refused(verify(scene), &scene->error, ERROR_VERIFICATION);
	assert_null(scene->result.chain);
	assert_true(text_starts_with(scene->error.message, "the issued certificate is refused: "));
	if (!strstr(scene->error.message, reason))
		fail_msg("\"%s\" does not say \"%s\"", scene->error.message, reason);
}

static void a_certificate_of_the_connector_is_accepted(void **state)
{
	scoped(scene) struct scene scene = scene_begin();

	(void)state;
	add_ca(&scene);
	assert_verified(&scene, "");
	assert_int_equal(sk_X509_num(scene.result.chain), 1);
	assert_ptr_equal(sk_X509_value(scene.result.chain, 0), scene.issuer);
	assert_true(scene.result.earliest_end == scene.leaf.not_after);
	assert_true(scene.result.clock_ahead_by == 0);
}

static void a_certificate_for_another_key_is_refused(void **state)
{
	scoped(scene) struct scene scene = scene_begin();

	(void)state;
	add_ca(&scene);
	scene.leaf.key = authority_key(OTHER_KEY);
	assert_denied(&scene, "its public key is not the one");
}

static void a_second_certificate_of_our_key_is_refused(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	struct authority_recipe second = authority_leaf(ISSUED, authority_key(OUR_KEY));

	(void)state;
	add_ca(&scene);
	second.not_after--;
	add(&scene, &second, scene.issuer, CA_KEY);
	assert_denied(&scene, "another certificate with the same public key");
}

static void a_certificate_that_signs_itself_is_refused(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	scoped(scene) struct scene alone = scene_begin();

	(void)state;
	add_ca(&scene);
	scene.request.leaf = authority_issue(&scene.leaf, NULL, authority_key(OUR_KEY));
	assert_denied(&scene, "it is signed with its own key");
	alone.request.leaf = authority_issue(&alone.leaf, NULL, authority_key(OUR_KEY));
	assert_denied(&alone, "it is signed with its own key");
}

static void a_ca_with_our_key_is_refused(void **state)
{
	scoped(scene) struct scene scene = scene_begin();

	(void)state;
	scene.ca.key = authority_key(OUR_KEY);
	scene.issuer = add(&scene, &scene.ca, NULL, OUR_KEY);
	scene.request.leaf = authority_issue(&scene.leaf, scene.issuer, authority_key(OUR_KEY));
	assert_denied(&scene, "another certificate with the same public key");
}

static void the_leaf_itself_among_the_returned_is_tolerated(void **state)
{
	scoped(scene) struct scene scene = scene_begin();

	(void)state;
	add_ca(&scene);
	scene.request.leaf = add(&scene, &scene.leaf, scene.issuer, CA_KEY);
	assert_true(X509_up_ref(scene.request.leaf));
	assert_verified(&scene, "");
	assert_int_equal(sk_X509_num(scene.result.chain), 1);
}

static void an_old_version_is_refused(void **state)
{
	scoped(scene) struct scene scene = scene_begin();

	(void)state;
	add_ca(&scene);
	scene.leaf.version = 1;
	scene.leaf.key_usage = NULL;
	scene.leaf.extended_key_usage = NULL;
	assert_denied(&scene, "it has version 1 instead of 3");
}

static void extensions_that_cannot_be_read_are_refused(void **state)
{
	scoped(scene) struct scene leaf = scene_begin();
	scoped(scene) struct scene ca = scene_begin();

	(void)state;
	add_ca(&leaf);
	leaf.leaf.basic_constraints = "DER:04:00";
	assert_denied(&leaf, "refused: its extensions cannot be read");
	ca.ca.basic_constraints = "DER:04:00";
	add_ca(&ca);
	assert_denied(&ca, "the CA certificate \"CN=Kyma\"");
	assert_non_null(strstr(ca.error.message, "its extensions cannot be read"));
}

static void a_small_key_and_one_of_another_kind_are_refused(void **state)
{
	scoped(EVP_PKEY) EVP_PKEY *small = EVP_RSA_gen(1024);
	scoped(EVP_PKEY) EVP_PKEY *curve = EVP_EC_gen("P-256");
	EVP_PKEY *keys[] = { small, curve };
	const char *reasons[] = { "its key has 1024 bits of RSA, at least 2048 are needed",
		"its key has 0 bits of RSA" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		scoped(scene) struct scene scene = scene_begin();

		add_ca(&scene);
		scene.leaf.key = keys[i];
		scene.request.public_key = keys[i];
		assert_denied(&scene, reasons[i]);
	}
}

static void another_subject_is_refused(void **state)
{
	scoped(scene) struct scene scene = scene_begin();

	(void)state;
	add_ca(&scene);
	scene.leaf.subject = "C=DE,ST=province,L=locality,O=Org,OU=Other,CN=4f1c-cn";
	assert_denied(&scene, "its subject: OU \"OrgUnit\" was asked for, \"Other\" was issued");
}

static void units_that_come_in_one_rdn_are_accepted(void **state)
{
	scoped(scene) struct scene scene = scene_begin();

	(void)state;
	add_ca(&scene);
	X509_NAME_free(take(scene.subject));
	assert_ok(
	    subject_parse("CN=4f1c-cn,OU=b,OU=a", &scene.subject, &scene.error), &scene.error);
	scene.leaf.subject = "OU=a+OU=b,CN=4f1c-cn";
	assert_verified(&scene, "");
}

static void another_common_name_than_the_present_one_is_refused(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	scoped(scene) struct scene enrolment = scene_begin();

	(void)state;
	add_ca(&scene);
	scene.request.common_name = "present";
	assert_denied(&scene, "its CN is \"4f1c-cn\", the present certificate's is \"present\"");
	add_ca(&enrolment);
	enrolment.request.common_name = NULL;
	assert_verified(&enrolment, "");
}

static void a_connectors_clock_that_is_ahead_is_tolerated_within_the_skew(void **state)
{
	scoped(scene) struct scene within = scene_begin();
	scoped(scene) struct scene beyond = scene_begin();

	(void)state;
	within.leaf.not_before = AUTHORITY_NOW + 5 * MINUTE;
	within.ca.not_before = AUTHORITY_NOW + 5 * MINUTE;
	add_ca(&within);
	assert_verified(&within, "");
	assert_true(within.result.clock_ahead_by == 5 * MINUTE);

	add_ca(&beyond);
	beyond.leaf.not_before = AUTHORITY_NOW + 412;
	assert_denied(&beyond,
	    "it begins in 6 min 52 s: the Connector's clock is ahead of this host's by more than "
	    "the 5 min");
}

static void a_certificate_that_is_over_is_refused(void **state)
{
	scoped(scene) struct scene over = scene_begin();
	scoped(scene) struct scene meanwhile = scene_begin();
	scoped(scene) struct scene backwards = scene_begin();
	scoped(scene) struct scene last_second = scene_begin();

	(void)state;
	add_ca(&over);
	over.leaf.not_before = AUTHORITY_NOW - AUTHORITY_DAY;
	over.leaf.not_after = AUTHORITY_NOW - 1;
	assert_denied(&over, "it expired at 2027-01-15T07:59:59Z");

	add_ca(&backwards);
	backwards.leaf.not_after = backwards.leaf.not_before;
	assert_denied(&backwards, "it ends (2027-01-15T08:00:00Z) before it begins");

	add_ca(&last_second);
	last_second.leaf.not_before = AUTHORITY_NOW - AUTHORITY_DAY;
	last_second.leaf.not_after = AUTHORITY_NOW;
	last_second.request.least_lifetime = 0;
	assert_verified(&last_second, "");

	/* By the Connector's clock the CA is over. */
	meanwhile.ca.not_after = AUTHORITY_NOW + MINUTE;
	meanwhile.leaf.not_before = AUTHORITY_NOW + 2 * MINUTE;
	add_ca(&meanwhile);
	assert_denied(&meanwhile, "it expired at 2027-01-15T08:01:00Z");
}

static void a_certificate_that_is_soon_over_is_refused(void **state)
{
	scoped(scene) struct scene enough = scene_begin();
	scoped(scene) struct scene short_lived = scene_begin();

	(void)state;
	add_ca(&enough);
	enough.leaf.not_after = AUTHORITY_NOW + 10 * MINUTE;
	assert_verified(&enough, "");
	add_ca(&short_lived);
	short_lived.leaf.not_after = AUTHORITY_NOW + 10 * MINUTE - 1;
	assert_denied(&short_lived,
	    "it is valid for 9 min 59 s only (until 2027-01-15T08:09:59Z), at least 10 min are "
	    "needed");
}

static void usages_must_allow_a_tls_client(void **state)
{
	static const struct {
		const char *usage;
		const char *purposes;
		const char *refusal; /* or NULL */
		const char *warning;
	} usages[] = {
		{ "keyAgreement", "clientAuth", "keyUsage lacks digitalSignature", NULL },
		{ "digitalSignature", "serverAuth", "extendedKeyUsage lacks clientAuth", NULL },
		{ "digitalSignature", "anyExtendedKeyUsage", "lacks clientAuth", NULL },
		{ NULL, "clientAuth", NULL, "" },
		{ "digitalSignature,keyEncipherment", "serverAuth,clientAuth", NULL, "" },
		{ "digitalSignature", NULL, NULL, "the certificate has no extendedKeyUsage" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(usages); i++) {
		scoped(scene) struct scene scene = scene_begin();

		add_ca(&scene);
		scene.leaf.key_usage = usages[i].usage;
		scene.leaf.extended_key_usage = usages[i].purposes;
		if (usages[i].refusal)
			assert_denied(&scene, usages[i].refusal);
		else
			assert_verified(&scene, usages[i].warning);
	}
}

static void weak_signatures_are_refused(void **state)
{
	scoped(scene) struct scene sha1 = scene_begin();
	scoped(scene) struct scene md5 = scene_begin();
	scoped(scene) struct scene intermediate = scene_begin();
	scoped(scene) struct scene root = scene_begin();

	(void)state;
	add_ca(&sha1);
	sha1.leaf.digest = "SHA1";
	assert_denied(&sha1, "it is signed with sha1WithRSAEncryption, which is weak");
	add_ca(&md5);
	md5.leaf.digest = "MD5";
	assert_denied(&md5, "it is signed with md5WithRSAEncryption");
	intermediate.ca.digest = "SHA1";
	add_ca_and_root(&intermediate);
	assert_denied(&intermediate, "the CA certificate \"CN=Kyma\"");
	root.ca.digest = "SHA1"; /* nobody relies on a root's own signature */
	add_ca(&root);
	assert_verified(&root, "");
}

static void a_pss_signature_is_accepted(void **state)
{
	scoped(scene) struct scene scene = scene_begin();

	(void)state;
	add_ca(&scene);
	scene.leaf.pss = true;
	assert_verified(&scene, "");
}

static void warnings_are_gathered_and_cut(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	struct authority_recipe stranger = authority_ca("CN=Stranger", authority_key(OTHER_KEY));

	(void)state;
	scene.ca.basic_constraints = NULL;
	add_ca(&scene);
	scene.leaf.extended_key_usage = NULL;
	for (int i = 0; i < 15; i++) {
		stranger.not_after++;
		add(&scene, &stranger, NULL, OTHER_KEY);
	}
	assert_warned(&scene,
	    "the certificate has no extendedKeyUsage; the CA certificate \"CN=Kyma\" (SHA-256 ");
	assert_non_null(strstr(scene.result.warning,
	    "...) has no basicConstraints; the certificate \"CN=Stranger\" (SHA-256 "));
	assert_int_equal(strlen(scene.result.warning), VERIFY_WARNING_SIZE - 1);
}

static void the_earliest_end_is_that_of_leaf_or_ca(void **state)
{
	scoped(scene) struct scene scene = scene_begin();

	(void)state;
	scene.ca.not_after = AUTHORITY_NOW + AUTHORITY_DAY;
	add_ca_and_root(&scene);
	assert_verified(&scene, "");
	assert_true(scene.result.earliest_end == AUTHORITY_NOW + AUTHORITY_DAY);
}

static int discard_keys(void **state)
{
	(void)state;
	authority_discard_keys();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_of_the_connector_is_accepted),
		cmocka_unit_test(a_certificate_for_another_key_is_refused),
		cmocka_unit_test(a_second_certificate_of_our_key_is_refused),
		cmocka_unit_test(a_certificate_that_signs_itself_is_refused),
		cmocka_unit_test(a_ca_with_our_key_is_refused),
		cmocka_unit_test(the_leaf_itself_among_the_returned_is_tolerated),
		cmocka_unit_test(an_old_version_is_refused),
		cmocka_unit_test(extensions_that_cannot_be_read_are_refused),
		cmocka_unit_test(a_small_key_and_one_of_another_kind_are_refused),
		cmocka_unit_test(another_subject_is_refused),
		cmocka_unit_test(units_that_come_in_one_rdn_are_accepted),
		cmocka_unit_test(another_common_name_than_the_present_one_is_refused),
		cmocka_unit_test(a_connectors_clock_that_is_ahead_is_tolerated_within_the_skew),
		cmocka_unit_test(a_certificate_that_is_over_is_refused),
		cmocka_unit_test(a_certificate_that_is_soon_over_is_refused),
		cmocka_unit_test(usages_must_allow_a_tls_client),
		cmocka_unit_test(weak_signatures_are_refused),
		cmocka_unit_test(a_pss_signature_is_accepted),
		cmocka_unit_test(warnings_are_gathered_and_cut),
		cmocka_unit_test(the_earliest_end_is_that_of_leaf_or_ca),
	};

	return cmocka_run_group_tests(tests, NULL, discard_keys);
}
