#include "agent/state/store.h"

#include "agent/x509/bundle.h"
#include "agent/x509/certificate.h"
#include "agent/x509/distrust.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/fakes/file_calls.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/test.h"

#include <string.h>

#define NOW AUTHORITY_NOW
#define BUNDLE "orders/ca-bundle.pem"

static struct store *store;
static X509 *cas[4]; /* of the generations written, by number */

static int close_store(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(cas); i++)
		X509_free(take(cas[i]));
	return state_setup_close(state);
}

/* A generation under the CA of this name, which ends so many days from now. */
static void write_generation(uint32_t number, const char *ca_subject, int days)
{
	struct error error = ERROR_INIT;
	scoped(generation) struct generation generation = state_folder_generation(number);
	struct authority_recipe recipe = authority_ca(ca_subject, authority_key(1));

	recipe.not_after = NOW + days * AUTHORITY_DAY;
	cas[number] = authority_issue(&recipe, NULL, authority_key(1));
	X509_free(sk_X509_pop(generation.chain));
	assert_true(X509_up_ref(cas[number]));
	assert_true(sk_X509_push(generation.chain, cas[number]) > 0);
	assert_ok(store_write(store, &generation, &error), &error);
}

static void refresh(int64_t now, const char *const *distrusted, size_t count)
{
	struct error error = ERROR_INIT;

	assert_ok(
	    store_refresh_ca_bundle(store, 0, now, &(struct distrust){ distrusted, count }, &error),
	    &error);
}

/* How many certificates the bundle holds; *ret_first is owned. */
static int read_bundle(X509 **ret_first)
{
	struct error error = ERROR_INIT;
	scoped(char) char *pem = state_folder_read(BUNDLE);
	scoped(X509_STACK) STACK_OF(X509) *certificates = NULL;
	int count;

	assert_non_null(pem);
	assert_ok(bundle_parse(pem, strlen(pem), 20, "bundle", ERROR_STATE, &certificates, &error),
	    &error);
	count = sk_X509_num(certificates);
	*ret_first = sk_X509_shift(certificates);
	return count;
}

static void a_ca_of_several_generations_stands_there_once_and_the_newest_first(void **state)
{
	scoped(X509) X509 *first = NULL;

	(void)state;
	write_generation(1, "CN=Old", 50);
	write_generation(2, "CN=Old", 50);
	write_generation(3, "CN=New", 90);
	assert_int_equal(X509_cmp(cas[1], cas[2]), 0);
	refresh(NOW, NULL, 0);
	assert_int_equal(read_bundle(&first), 2);
	assert_int_equal(X509_cmp(first, cas[3]), 0);
	assert_int_equal(state_folder_mode(BUNDLE), 0644);
}

static void an_expired_ca_is_left_out(void **state)
{
	scoped(X509) X509 *first = NULL;
	scoped(X509) X509 *alone = NULL;

	(void)state;
	write_generation(1, "CN=Old", 50);
	write_generation(2, "CN=New", 90);
	refresh(NOW + 50 * AUTHORITY_DAY, NULL, 0);
	assert_int_equal(read_bundle(&first), 2);
	refresh(NOW + 50 * AUTHORITY_DAY + 1, NULL, 0);
	assert_int_equal(read_bundle(&alone), 1);
	assert_int_equal(X509_cmp(alone, cas[2]), 0);
}

static void a_distrusted_ca_is_left_out(void **state)
{
	scoped(X509) X509 *first = NULL;
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	const char *distrusted[] = { "00", sha256 };

	(void)state;
	write_generation(1, "CN=Old", 50);
	write_generation(2, "CN=New", 90);
	certificate_sha256(cas[2], sha256);
	refresh(NOW, distrusted, 2);
	assert_int_equal(read_bundle(&first), 1);
	assert_int_equal(X509_cmp(first, cas[1]), 0);
}

static void the_ca_of_a_generation_under_way_is_left_out_until_it_is_active(void **state)
{
	const struct distrust nobody = { .count = 0 };
	struct error error = ERROR_INIT;
	scoped(X509) X509 *first = NULL;
	scoped(X509) X509 *both = NULL;

	(void)state;
	write_generation(1, "CN=Old", 50);
	write_generation(2, "CN=New", 90);
	assert_ok(store_activate(store, 1, &error), &error);
	assert_ok(store_refresh_ca_bundle(store, 2, NOW, &nobody, &error), &error);
	assert_int_equal(read_bundle(&first), 1);
	assert_int_equal(X509_cmp(first, cas[1]), 0);
	assert_ok(store_activate(store, 2, &error), &error);
	assert_ok(store_refresh_ca_bundle(store, 2, NOW, &nobody, &error), &error);
	assert_int_equal(read_bundle(&both), 2);
}

static void when_no_ca_is_left_the_bundle_is_empty_and_without_generations_not_made(void **state)
{
	scoped(char) char *pem = NULL;

	(void)state;
	refresh(NOW, NULL, 0);
	assert_false(state_folder_has(BUNDLE));
	write_generation(1, "CN=Old", 50);
	refresh(NOW, NULL, 0);
	refresh(NOW + 60 * AUTHORITY_DAY, NULL, 0);
	pem = state_folder_read(BUNDLE);
	assert_string_equal(pem, "");
}

static void a_damaged_generation_does_not_hold_up_the_others(void **state)
{
	scoped(X509) X509 *first = NULL;

	(void)state;
	write_generation(1, "CN=Old", 50);
	write_generation(2, "CN=New", 90);
	state_folder_write("orders/generations/2/ca.pem", "x");
	refresh(NOW, NULL, 0);
	assert_int_equal(read_bundle(&first), 1);
	assert_int_equal(X509_cmp(first, cas[1]), 0);
}

static void the_bundle_is_written_only_when_it_changes(void **state)
{
	scoped(X509) X509 *first = NULL;

	(void)state;
	write_generation(1, "CN=Old", 50);
	refresh(NOW, NULL, 0);
	file_calls_leave_alone();
	refresh(NOW, NULL, 0);
	assert_int_equal(file_calls_count(), 0);
	state_folder_write(BUNDLE, "somebody's own text, which is longer than nothing");
	refresh(NOW, NULL, 0);
	assert_true(file_calls_count() > 0);
	assert_int_equal(read_bundle(&first), 1);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_prestate_setup_teardown(name, state_setup_store, close_store, &store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_ca_of_several_generations_stands_there_once_and_the_newest_first),
		TEST(an_expired_ca_is_left_out),
		TEST(a_distrusted_ca_is_left_out),
		TEST(the_ca_of_a_generation_under_way_is_left_out_until_it_is_active),
		TEST(when_no_ca_is_left_the_bundle_is_empty_and_without_generations_not_made),
		TEST(a_damaged_generation_does_not_hold_up_the_others),
		TEST(the_bundle_is_written_only_when_it_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
