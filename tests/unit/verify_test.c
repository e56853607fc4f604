#include "tests/unit/verify_scene.h"

#include "agent/x509/subject.h"
#include "base/compiler.h"

#include <string.h>

/*
 * Whose certificate it is: key, form, subject. Dates are in verify_dates_test.c, usages and
 * signatures in verify_usage_test.c.
 */

static void a_certificate_of_the_connector_is_accepted(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&scene);
	assert_verified(&scene, "");
	assert_int_equal(sk_X509_num(scene.result.chain), 1);
	assert_ptr_equal(sk_X509_value(scene.result.chain, 0), scene.issuer);
	assert_true(scene.result.earliest_end == scene.leaf.not_after);
	assert_true(scene.result.clock_ahead_by == 0);
}

static void a_certificate_for_another_key_is_refused(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&scene);
	scene.leaf.key = authority_key(OTHER_KEY);
	assert_denied(&scene, "its public key is not the one");
}

static void a_second_certificate_of_our_key_is_refused(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();
	struct authority_recipe second = authority_leaf(ISSUED, authority_key(OUR_KEY));

	(void)state;
	verify_scene_add_ca(&scene);
	second.not_after--;
	verify_scene_add(&scene, &second, scene.issuer, CA_KEY);
	assert_denied(&scene, "another certificate with the same public key");
}

static void a_certificate_that_signs_itself_is_refused(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();
	scoped(verify_scene) struct verify_scene alone = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&scene);
	scene.request.leaf = authority_issue(&scene.leaf, NULL, authority_key(OUR_KEY));
	assert_denied(&scene, "it is signed with its own key");
	alone.request.leaf = authority_issue(&alone.leaf, NULL, authority_key(OUR_KEY));
	assert_denied(&alone, "it is signed with its own key");
}

static void a_ca_with_our_key_is_refused(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

	(void)state;
	scene.ca.key = authority_key(OUR_KEY);
	scene.issuer = verify_scene_add(&scene, &scene.ca, NULL, OUR_KEY);
	scene.request.leaf = authority_issue(&scene.leaf, scene.issuer, authority_key(OUR_KEY));
	assert_denied(&scene, "another certificate with the same public key");
}

static void the_leaf_itself_among_the_returned_is_tolerated(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&scene);
	scene.request.leaf = verify_scene_add(&scene, &scene.leaf, scene.issuer, CA_KEY);
	assert_true(X509_up_ref(scene.request.leaf));
	assert_verified(&scene, "");
	assert_int_equal(sk_X509_num(scene.result.chain), 1);
}

static void an_old_version_is_refused(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&scene);
	scene.leaf.version = 1;
	scene.leaf.key_usage = NULL;
	scene.leaf.extended_key_usage = NULL;
	assert_denied(&scene, "it has version 1 instead of 3");
}

static void extensions_that_cannot_be_read_are_refused(void **state)
{
	scoped(verify_scene) struct verify_scene leaf = verify_scene_begin();
	scoped(verify_scene) struct verify_scene ca = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&leaf);
	leaf.leaf.basic_constraints = "DER:04:00";
	assert_denied(&leaf, "refused: its extensions cannot be read");
	ca.ca.basic_constraints = "DER:04:00";
	verify_scene_add_ca(&ca);
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
		scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

		verify_scene_add_ca(&scene);
		scene.leaf.key = keys[i];
		scene.request.public_key = keys[i];
		assert_denied(&scene, reasons[i]);
	}
}

static void another_subject_is_refused(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&scene);
	scene.leaf.subject = "C=DE,ST=province,L=locality,O=Org,OU=Other,CN=4f1c-cn";
	assert_denied(&scene, "its subject: OU \"OrgUnit\" was asked for, \"Other\" was issued");
}

static void units_that_come_in_one_rdn_are_accepted(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&scene);
	X509_NAME_free(take(scene.subject));
	assert_ok(
	    subject_parse("CN=4f1c-cn,OU=b,OU=a", &scene.subject, &scene.error), &scene.error);
	scene.leaf.subject = "OU=a+OU=b,CN=4f1c-cn";
	assert_verified(&scene, "");
}

static void another_common_name_than_the_present_one_is_refused(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();
	scoped(verify_scene) struct verify_scene enrolment = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&scene);
	scene.request.common_name = "present";
	assert_denied(&scene, "its CN is \"4f1c-cn\", the present certificate's is \"present\"");
	verify_scene_add_ca(&enrolment);
	enrolment.request.common_name = NULL;
	assert_verified(&enrolment, "");
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
