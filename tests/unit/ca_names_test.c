#include "agent/x509/ca_names.h"

#include "base/scoped.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"

#include <string.h>

/* A leaf, its CA, and the root above that. */
struct scene {
	X509 *leaf;
	STACK_OF(X509) *chain;
	STACK_OF(X509_NAME) *names;
};

static X509 *issue(struct authority_recipe recipe, const X509 *issuer, unsigned key)
{
	return authority_issue(&recipe, issuer, authority_key(key));
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	X509 *root = issue(authority_ca("O=Org,CN=Root", authority_key(2)), NULL, 2);
	X509 *ca = issue(authority_ca("O=Org,CN=Issuing", authority_key(1)), root, 2);

	assert_non_null(scene);
	scene->leaf = issue(authority_leaf("CN=orders", authority_key(0)), ca, 1);
	scene->chain = sk_X509_new_null();
	scene->names = sk_X509_NAME_new_null();
	assert_true(sk_X509_push(scene->chain, ca) > 0);
	X509_free(root);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	X509_free(scene->leaf);
	sk_X509_pop_free(scene->chain, X509_free);
	sk_X509_NAME_pop_free(scene->names, X509_NAME_free);
	free(scene);
	return 0;
}

static void add(struct scene *scene, X509_NAME *name)
{
	assert_true(sk_X509_NAME_push(scene->names, name) > 0);
}

static bool has_issuer(const struct scene *scene)
{
	return ca_names_have_issuer(scene->names, scene->leaf, scene->chain);
}

static void an_empty_list_has_nobody(void **state)
{
	const struct scene *scene = *state;

	assert_false(has_issuer(scene));
	assert_false(ca_names_have_issuer(NULL, scene->leaf, scene->chain));
}

static void others_do_not_count(void **state)
{
	struct scene *scene = *state;

	add(scene, authority_name("O=Org,CN=Another"));
	add(scene, authority_name("CN=orders"));
	assert_false(has_issuer(scene));
}

static void the_leafs_issuer_counts_also_without_a_chain(void **state)
{
	struct scene *scene = *state;

	add(scene, authority_name("O=Org,CN=Another"));
	add(scene, authority_name("O=Org,CN=Issuing"));
	assert_true(has_issuer(scene));
	assert_true(ca_names_have_issuer(scene->names, scene->leaf, NULL));
}

static void a_ca_above_the_issuer_counts(void **state)
{
	struct scene *scene = *state;

	add(scene, authority_name("O=Org,CN=Root"));
	assert_true(has_issuer(scene));
	assert_false(ca_names_have_issuer(scene->names, scene->leaf, NULL));
}

static void case_blanks_and_string_types_do_not_count(void **state)
{
	struct scene *scene = *state;
	X509_NAME *name = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "O", V_ASN1_BMPSTRING,
			     (const unsigned char *)"\0o\0R\0G", 6, -1, 0),
	    1);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_UTF8STRING,
			     (const unsigned char *)" issuing ", -1, -1, 0),
	    1);
	add(scene, name);
	assert_true(has_issuer(scene));
}

static void a_name_is_told_as_text_and_one_that_is_too_long_by_its_hash(void **state)
{
	scoped(X509_NAME) X509_NAME *name = authority_name("C=DE,O=Org,CN=CA");
	scoped(X509_NAME) X509_NAME *empty = X509_NAME_new();
	char text[CA_NAME_SIZE];

	(void)state;
	ca_names_describe(name, text);
	assert_string_equal(text, "CN=CA, O=Org, C=DE");
	ca_names_describe(empty, text);
	assert_memory_equal(text, "SHA-256 ", 8);
	for (int i = 0; i < 20; i++)
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(name, "OU", V_ASN1_UTF8STRING,
			(const unsigned char *)"a name of an organizational unit", -1, -1, 0),
		    1);
	ca_names_describe(name, text);
	assert_memory_equal(text, "SHA-256 ", 8);
	assert_int_equal(strlen(text), 8 + 64);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_empty_list_has_nobody),
		TEST(others_do_not_count),
		TEST(the_leafs_issuer_counts_also_without_a_chain),
		TEST(a_ca_above_the_issuer_counts),
		TEST(case_blanks_and_string_types_do_not_count),
		TEST(a_name_is_told_as_text_and_one_that_is_too_long_by_its_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
