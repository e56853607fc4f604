#include "tests/unit/verify_scene.h"

#include "agent/x509/subject.h"
#include "base/text.h"

#include <string.h>

struct verify_scene verify_scene_begin(void)
{
	struct verify_scene scene = {
		.leaf = authority_leaf(ISSUED, authority_key(OUR_KEY)),
		.ca = authority_ca("CN=Kyma", authority_key(CA_KEY)),
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

void scoped_destroy_verify_scene(struct verify_scene *scene)
{
	sk_X509_pop_free(scene->returned, X509_free);
	X509_NAME_free(scene->subject);
	X509_free(scene->request.leaf);
	verify_result_clear(&scene->result);
}

X509 *verify_scene_add(struct verify_scene *scene, const struct authority_recipe *recipe,
    const X509 *issuer, unsigned issuer_key)
{
	X509 *certificate = authority_issue(recipe, issuer, authority_key(issuer_key));

	assert_true(sk_X509_push(scene->returned, certificate));
	return certificate;
}

void verify_scene_add_ca(struct verify_scene *scene)
{
	scene->issuer = verify_scene_add(scene, &scene->ca, NULL, CA_KEY);
}

void verify_scene_add_ca_and_root(struct verify_scene *scene)
{
	struct authority_recipe recipe = authority_ca("CN=Root", authority_key(ROOT_KEY));
	X509 *root = authority_issue(&recipe, NULL, authority_key(ROOT_KEY));

	scene->issuer = verify_scene_add(scene, &scene->ca, root, ROOT_KEY);
	assert_true(sk_X509_push(scene->returned, root));
}

static bool verify(struct verify_scene *scene)
{
	if (!scene->request.leaf)
		scene->request.leaf =
		    authority_issue(&scene->leaf, scene->issuer, authority_key(CA_KEY));
	scene->request.returned = scene->returned;
	scene->request.subject = scene->subject;
	return verify_issued(&scene->request, &scene->result, &scene->error);
}

void assert_verified(struct verify_scene *scene, const char *warning)
{
	assert_ok(verify(scene), &scene->error);
	assert_string_equal(scene->result.warning, warning);
}

void assert_warned(struct verify_scene *scene, const char *warning)
{
	assert_ok(verify(scene), &scene->error);
	if (!strstr(scene->result.warning, warning))
		fail_msg("\"%s\" does not say \"%s\"", scene->result.warning, warning);
}

void assert_denied(struct verify_scene *scene, const char *reason)
{
	assert_refused(verify(scene), &scene->error, ERROR_VERIFICATION);
	assert_null(scene->result.chain);
	assert_true(text_starts_with(scene->error.message, "the issued certificate is refused: "));
	if (!strstr(scene->error.message, reason))
		fail_msg("\"%s\" does not say \"%s\"", scene->error.message, reason);
}
