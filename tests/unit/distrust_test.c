#include "agent/x509/distrust.h"

#include "agent/x509/certificate.h"
#include "base/scoped.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"

enum { OLD_KEY, OTHER_KEY };

/* A CA, the one that was renewed with its key, and one with another. */
struct scene {
	X509 *old, *renewed, *other;
};

static X509 *make_ca(unsigned key, int64_t not_after)
{
	struct authority_recipe recipe = authority_ca("CN=Kyma", authority_key(key));

	recipe.not_after = not_after;
	return authority_issue(&recipe, NULL, authority_key(key));
}

static int make(void **state)
{
	static struct scene scene;

	scene.old = make_ca(OLD_KEY, AUTHORITY_NOW + AUTHORITY_DAY);
	scene.renewed = make_ca(OLD_KEY, AUTHORITY_NOW + 100 * AUTHORITY_DAY);
	scene.other = make_ca(OTHER_KEY, AUTHORITY_NOW + 100 * AUTHORITY_DAY);
	*state = &scene;
	return 0;
}

static int drop(void **state)
{
	struct scene *scene = *state;

	X509_free(scene->old);
	X509_free(scene->renewed);
	X509_free(scene->other);
	return 0;
}

static STACK_OF(X509) *all(const struct scene *scene)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	assert_non_null(stack);
	assert_true(X509_add_cert(stack, scene->other, X509_ADD_FLAG_UP_REF));
	assert_true(X509_add_cert(stack, scene->old, X509_ADD_FLAG_UP_REF));
	assert_true(X509_add_cert(stack, scene->renewed, X509_ADD_FLAG_UP_REF));
	return stack;
}

static void a_certificate_is_named_alone_and_its_key_stands_for_all_with_it(void **state)
{
	const struct scene *scene = *state;
	char fingerprint[CERTIFICATE_SHA256_TEXT_SIZE];
	const char *const list[] = { fingerprint };
	const struct distrust distrust = { list, 1 };

	certificate_sha256(scene->old, fingerprint);
	assert_true(distrust_covers(&distrust, scene->old));
	assert_false(distrust_covers(&distrust, scene->renewed));
	assert_false(distrust_covers(&distrust, scene->other));
	certificate_key_sha256(scene->old, fingerprint);
	assert_true(distrust_covers(&distrust, scene->old));
	assert_true(distrust_covers(&distrust, scene->renewed));
	assert_false(distrust_covers(&distrust, scene->other));
}

static void it_is_found_at_any_place_of_a_list_and_of_a_chain(void **state)
{
	const struct scene *scene = *state;
	scoped(X509_STACK) STACK_OF(X509) *authorities = all(scene);
	char fingerprint[CERTIFICATE_SHA256_TEXT_SIZE];
	const char *const list[] = { "00", fingerprint };
	const struct distrust distrust = { list, 2 };
	const struct distrust first = { list, 1 };

	certificate_sha256(scene->renewed, fingerprint);
	assert_ptr_equal(distrust_find(&distrust, authorities), scene->renewed);
	assert_null(distrust_find(&first, authorities));
	assert_null(distrust_find(&distrust, NULL));
}

static void what_is_distrusted_is_taken_out(void **state)
{
	const struct scene *scene = *state;
	scoped(X509_STACK) STACK_OF(X509) *authorities = all(scene);
	char fingerprint[CERTIFICATE_SHA256_TEXT_SIZE];
	const char *const list[] = { fingerprint };
	const struct distrust distrust = { list, 1 };
	scoped(X509_STACK) STACK_OF(X509) *removed = sk_X509_new_null();
	struct error error = ERROR_INIT;

	assert_non_null(removed);
	certificate_sha256(scene->other, fingerprint);
	assert_true(distrust_remove(&distrust, authorities, removed, &error));
	assert_int_equal(sk_X509_num(authorities), 2);
	assert_int_equal(sk_X509_num(removed), 1);
	assert_ptr_equal(sk_X509_value(removed, 0), scene->other);
	certificate_key_sha256(scene->old, fingerprint);
	assert_true(distrust_remove(&distrust, authorities, removed, &error));
	assert_int_equal(sk_X509_num(authorities), 0);
	assert_int_equal(sk_X509_num(removed), 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_is_named_alone_and_its_key_stands_for_all_with_it),
		cmocka_unit_test(it_is_found_at_any_place_of_a_list_and_of_a_chain),
		cmocka_unit_test(what_is_distrusted_is_taken_out),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
