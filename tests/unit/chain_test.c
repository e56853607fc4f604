#include "agent/x509/chain.h"

#include "agent/x509/bundle.h"
#include "base/scoped.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"

#include <string.h>

#define NOW AUTHORITY_NOW
#define LATEST_START (AUTHORITY_NOW + 300)
#define DEPTH_MAX 4

/* "Kyma" is the issuing CA; above it "Middle" and "Root". */
enum { LEAF_KEY, CA_KEY, MIDDLE_KEY, ROOT_KEY, NEW_KEY };

struct scene {
	X509 *leaf;
	STACK_OF(X509) *candidates;
	STACK_OF(X509) *chain;
	struct error error;
};

static struct authority_recipe kyma(void)
{
	return authority_ca("CN=Kyma", authority_key(CA_KEY));
}

static struct authority_recipe root(void)
{
	return authority_ca("CN=Root", authority_key(ROOT_KEY));
}

static struct scene scene_begin(void)
{
	struct scene scene = { .candidates = sk_X509_new_null(), .error = ERROR_INIT };
	struct authority_recipe ca = kyma();
	struct authority_recipe leaf = authority_leaf("CN=4f1c-cn", authority_key(LEAF_KEY));
	scoped(X509) X509 *issuer = authority_issue(&ca, NULL, authority_key(CA_KEY));

	assert_non_null(scene.candidates);
	scene.leaf = authority_issue(&leaf, issuer, authority_key(CA_KEY));
	return scene;
}

static void scoped_destroy_scene(struct scene *scene)
{
	X509_free(scene->leaf);
	sk_X509_pop_free(scene->candidates, X509_free);
	sk_X509_pop_free(scene->chain, X509_free);
}

/* Borrowed from the scene. Its issuer need not be there: the name does. */
static X509 *add(struct scene *scene, struct authority_recipe recipe, const char *issuer_name,
    unsigned issuer_key)
{
	struct authority_recipe issuer = authority_ca(issuer_name, authority_key(issuer_key));
	scoped(X509) X509 *above = authority_issue(&issuer, NULL, authority_key(issuer_key));
	X509 *certificate = authority_issue(&recipe, above, authority_key(issuer_key));

	assert_true(sk_X509_push(scene->candidates, certificate));
	return certificate;
}

static bool build(struct scene *scene)
{
	return chain_build(
	    scene->leaf, scene->candidates, NOW, LATEST_START, &scene->chain, &scene->error);
}

/* NULL ends it early. */
static void assert_chain(struct scene *scene, X509 *const expected[DEPTH_MAX])
{
	int depth = 0;

	assert_ok(build(scene), &scene->error);
	for (; depth < DEPTH_MAX && expected[depth]; depth++)
		assert_ptr_equal(sk_X509_value(scene->chain, depth), expected[depth]);
	assert_int_equal(sk_X509_num(scene->chain), depth);
}

static void assert_broken(struct scene *scene, const char *reason)
{
	assert_refused(build(scene), &scene->error, ERROR_VERIFICATION);
	assert_null(scene->chain);
	if (!strstr(scene->error.message, reason))
		fail_msg("\"%s\" does not say \"%s\"", scene->error.message, reason);
}

/* Kyma below Middle below Root, added in the order of these indexes. */
static void assert_sorted(const int order[3])
{
	scoped(scene) struct scene scene = scene_begin();
	X509 *expected[DEPTH_MAX] = { NULL };

	for (int i = 0; i < 3; i++) {
		struct authority_recipe middle =
		    authority_ca("CN=Middle", authority_key(MIDDLE_KEY));

		if (order[i] == 0)
			expected[0] = add(&scene, kyma(), "CN=Middle", MIDDLE_KEY);
		if (order[i] == 1)
			expected[1] = add(&scene, middle, "CN=Root", ROOT_KEY);
		if (order[i] == 2)
			expected[2] = add(&scene, root(), "CN=Root", ROOT_KEY);
	}
	assert_chain(&scene, expected);
}

static void the_order_of_the_candidates_does_not_matter(void **state)
{
	(void)state;
	assert_sorted((const int[3]){ 0, 1, 2 });
	assert_sorted((const int[3]){ 2, 1, 0 });
	assert_sorted((const int[3]){ 1, 0, 2 });
}

static void a_root_that_did_not_come_is_not_needed(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	X509 *ca = add(&scene, kyma(), "CN=Root", ROOT_KEY);

	(void)state;
	assert_chain(&scene, (X509 *const[DEPTH_MAX]){ ca });
}

static void repetitions_are_ignored(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	X509 *ca = add(&scene, kyma(), "CN=Root", ROOT_KEY);
	X509 *above = add(&scene, root(), "CN=Root", ROOT_KEY);

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_true(
		    X509_add_cert(scene.candidates, i == 0 ? ca : above, X509_ADD_FLAG_UP_REF));
	assert_chain(&scene, (X509 *const[DEPTH_MAX]){ ca, above });
}

static void of_two_cas_of_one_name_the_one_with_the_key_counts(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	struct authority_recipe rekeyed = authority_ca("CN=Kyma", authority_key(NEW_KEY));
	X509 *ca;

	(void)state;
	add(&scene, rekeyed, "CN=Kyma", NEW_KEY);
	ca = add(&scene, kyma(), "CN=Kyma", CA_KEY);
	assert_chain(&scene, (X509 *const[DEPTH_MAX]){ ca });
}

/* The Connector appends the first of the gateway's roots: the old one, while a CA is renewed. */
static void of_two_cas_of_one_name_and_key_the_valid_one_counts(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	scoped(scene) struct scene reversed = scene_begin();
	struct authority_recipe expired = kyma();
	X509 *ca;

	(void)state;
	expired.not_after = NOW - 1;
	add(&scene, expired, "CN=Kyma", CA_KEY);
	ca = add(&scene, kyma(), "CN=Kyma", CA_KEY);
	assert_chain(&scene, (X509 *const[DEPTH_MAX]){ ca });
	ca = add(&reversed, kyma(), "CN=Kyma", CA_KEY);
	add(&reversed, expired, "CN=Kyma", CA_KEY);
	assert_chain(&reversed, (X509 *const[DEPTH_MAX]){ ca });
}

static void a_circle_of_cas_has_an_end(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	X509 *ca = add(&scene, kyma(), "CN=Root", ROOT_KEY);
	X509 *above = add(&scene, root(), "CN=Kyma", CA_KEY);

	(void)state;
	assert_chain(&scene, (X509 *const[DEPTH_MAX]){ ca, above });
}

static void a_leaf_whose_issuer_did_not_come_is_refused(void **state)
{
	scoped(scene) struct scene none = scene_begin();
	scoped(scene) struct scene other = scene_begin();
	scoped(scene) struct scene rekeyed = scene_begin();

	(void)state;
	assert_broken(&none, "its issuer \"CN=Kyma\" is not among the 0 CA certificates");
	add(&other, root(), "CN=Root", ROOT_KEY);
	assert_broken(&other, "its issuer \"CN=Kyma\" is not among the 1 CA certificates");
	add(&rekeyed, authority_ca("CN=Kyma", authority_key(NEW_KEY)), "CN=Kyma", NEW_KEY);
	assert_broken(&rekeyed, "its signature was not made by the CA \"CN=Kyma\"");
}

static void a_ca_without_constraints_may_issue(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	scoped(scene) struct scene old = scene_begin();
	struct authority_recipe ca = kyma();

	(void)state;
	ca.basic_constraints = NULL;
	ca.key_usage = NULL;
	add(&scene, ca, "CN=Kyma", CA_KEY);
	assert_ok(build(&scene), &scene.error);
	ca.version = 1;
	add(&old, ca, "CN=Kyma", CA_KEY);
	assert_ok(build(&old), &old.error);
}

static void a_certificate_that_must_not_issue_is_no_ca(void **state)
{
	scoped(scene) struct scene leaf = scene_begin();
	scoped(scene) struct scene usage = scene_begin();
	struct authority_recipe ca = kyma();

	(void)state;
	ca.basic_constraints = "CA:FALSE";
	add(&leaf, ca, "CN=Kyma", CA_KEY);
	assert_broken(&leaf, "its basicConstraints say CA:FALSE");
	ca = kyma();
	ca.key_usage = "digitalSignature";
	add(&usage, ca, "CN=Kyma", CA_KEY);
	assert_broken(&usage, "its keyUsage lacks keyCertSign");
}

static void a_ca_above_is_looked_at_too(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	struct authority_recipe above = root();

	(void)state;
	above.not_after = NOW - 1;
	add(&scene, kyma(), "CN=Root", ROOT_KEY);
	add(&scene, above, "CN=Root", ROOT_KEY);
	assert_broken(&scene, "the CA certificate \"CN=Root\"");
}

static void a_ca_must_be_valid(void **state)
{
	scoped(scene) struct scene first = scene_begin();
	scoped(scene) struct scene last = scene_begin();
	scoped(scene) struct scene early = scene_begin();
	scoped(scene) struct scene late = scene_begin();
	struct authority_recipe ca = kyma();

	(void)state;
	ca.not_before = LATEST_START;
	add(&first, ca, "CN=Kyma", CA_KEY);
	assert_ok(build(&first), &first.error);
	ca.not_before = LATEST_START + 1;
	add(&early, ca, "CN=Kyma", CA_KEY);
	assert_broken(&early, "it is not valid before 2027-01-15T08:05:01Z");
	ca = kyma();
	ca.not_after = NOW;
	add(&last, ca, "CN=Kyma", CA_KEY);
	assert_ok(build(&last), &last.error);
	ca.not_after = NOW - 1;
	add(&late, ca, "CN=Kyma", CA_KEY);
	assert_broken(&late, "it expired at 2027-01-15T07:59:59Z");
}

static void the_depth_that_a_ca_allows_is_kept(void **state)
{
	scoped(scene) struct scene allowed = scene_begin();
	scoped(scene) struct scene refused = scene_begin();
	struct authority_recipe above = root();

	(void)state;
	above.basic_constraints = "critical,CA:TRUE,pathlen:1";
	add(&allowed, kyma(), "CN=Root", ROOT_KEY);
	add(&allowed, above, "CN=Root", ROOT_KEY);
	assert_ok(build(&allowed), &allowed.error);
	above.basic_constraints = "critical,CA:TRUE,pathlen:0";
	add(&refused, kyma(), "CN=Root", ROOT_KEY);
	add(&refused, above, "CN=Root", ROOT_KEY);
	assert_broken(&refused, "its pathlen allows 0 CAs below it, there are 1");
}

static void a_ca_that_issued_itself_anew_does_not_count_for_the_depth(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	struct authority_recipe old = authority_ca("CN=Kyma", authority_key(NEW_KEY));
	X509 *ca;
	X509 *above;

	(void)state;
	old.basic_constraints = "critical,CA:TRUE,pathlen:0";
	ca = add(&scene, kyma(), "CN=Kyma", NEW_KEY);
	above = add(&scene, old, "CN=Kyma", NEW_KEY);
	assert_chain(&scene, (X509 *const[DEPTH_MAX]){ ca, above });
}

static void too_many_candidates_are_refused(void **state)
{
	scoped(scene) struct scene scene = scene_begin();
	X509 *ca = add(&scene, kyma(), "CN=Kyma", CA_KEY);

	(void)state;
	while (sk_X509_num(scene.candidates) < 2 * BUNDLE_COUNT_MAX)
		assert_true(X509_add_cert(scene.candidates, ca, X509_ADD_FLAG_UP_REF));
	assert_ok(build(&scene), &scene.error);
	sk_X509_pop_free(take(scene.chain), X509_free);
	assert_true(X509_add_cert(scene.candidates, ca, X509_ADD_FLAG_UP_REF));
	assert_broken(&scene, "41 certificates came with it, at most 40 are looked at");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_the_candidates_does_not_matter),
		cmocka_unit_test(a_root_that_did_not_come_is_not_needed),
		cmocka_unit_test(repetitions_are_ignored),
		cmocka_unit_test(of_two_cas_of_one_name_the_one_with_the_key_counts),
		cmocka_unit_test(of_two_cas_of_one_name_and_key_the_valid_one_counts),
		cmocka_unit_test(a_circle_of_cas_has_an_end),
		cmocka_unit_test(a_leaf_whose_issuer_did_not_come_is_refused),
		cmocka_unit_test(a_ca_without_constraints_may_issue),
		cmocka_unit_test(a_certificate_that_must_not_issue_is_no_ca),
		cmocka_unit_test(a_ca_above_is_looked_at_too),
		cmocka_unit_test(a_ca_must_be_valid),
		cmocka_unit_test(the_depth_that_a_ca_allows_is_kept),
		cmocka_unit_test(a_ca_that_issued_itself_anew_does_not_count_for_the_depth),
		cmocka_unit_test(too_many_candidates_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
