#include "tests/unit/verify_scene.h"

#include "base/compiler.h"

#include <string.h>

/*
 * What the certificate may be used for, how it is signed, and the warnings.
 */

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
		scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

		verify_scene_add_ca(&scene);
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
	scoped(verify_scene) struct verify_scene sha1 = verify_scene_begin();
	scoped(verify_scene) struct verify_scene md5 = verify_scene_begin();
	scoped(verify_scene) struct verify_scene intermediate = verify_scene_begin();
	scoped(verify_scene) struct verify_scene root = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&sha1);
	sha1.leaf.digest = "SHA1";
	assert_denied(&sha1, "it is signed with sha1WithRSAEncryption, which is weak");
	verify_scene_add_ca(&md5);
	md5.leaf.digest = "MD5";
	assert_denied(&md5, "it is signed with md5WithRSAEncryption");
	intermediate.ca.digest = "SHA1";
	verify_scene_add_ca_and_root(&intermediate);
	assert_denied(&intermediate, "the CA certificate \"CN=Kyma\"");
	root.ca.digest = "SHA1"; /* nobody relies on a root's own signature */
	verify_scene_add_ca(&root);
	assert_verified(&root, "");
}

static void a_pss_signature_is_accepted(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();

	(void)state;
	verify_scene_add_ca(&scene);
	scene.leaf.pss = true;
	assert_verified(&scene, "");
}

static void warnings_are_gathered_and_cut(void **state)
{
	scoped(verify_scene) struct verify_scene scene = verify_scene_begin();
	struct authority_recipe stranger = authority_ca("CN=Stranger", authority_key(OTHER_KEY));

	(void)state;
	scene.ca.basic_constraints = NULL;
	verify_scene_add_ca(&scene);
	scene.leaf.extended_key_usage = NULL;
	for (int i = 0; i < 15; i++) {
		stranger.not_after++;
		verify_scene_add(&scene, &stranger, NULL, OTHER_KEY);
	}
	assert_warned(&scene,
	    "the certificate has no extendedKeyUsage; the CA certificate \"CN=Kyma\" (SHA-256 ");
	assert_non_null(strstr(scene.result.warning,
	    "...) has no basicConstraints; the certificate \"CN=Stranger\" (SHA-256 "));
	assert_int_equal(strlen(scene.result.warning), VERIFY_WARNING_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usages_must_allow_a_tls_client),
		cmocka_unit_test(weak_signatures_are_refused),
		cmocka_unit_test(a_pss_signature_is_accepted),
		cmocka_unit_test(warnings_are_gathered_and_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
