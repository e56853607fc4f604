/*
 * What is trusted when the CAs lie in a hashed folder, in a bundle, or in neither.
 */
#include "transport/trust_store.h"

#include "tests/fakes/authority.h"
#include "tests/fakes/scratch_folder.h"
#include "tests/unit/test.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[SCRATCH_FOLDER_SIZE];
static char bundle[sizeof(directory) + 16];
static char hashed[sizeof(directory) + 16];
static X509 *ca;
static X509 *leaf;
static SSL_CTX *context;
static struct trust_store *trust;

static void write_certificate(const char *path, X509 *certificate)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	assert_int_equal(fclose(file), 0);
}

static X509 *self_signed(const char *subject, EVP_PKEY *key)
{
	struct authority_recipe recipe = authority_ca(subject, key);

	return authority_issue(&recipe, NULL, key);
}

static int set_up(void **state)
{
	struct authority_recipe recipe = authority_leaf("O=Org,CN=server", authority_key(1));

	(void)state;
	ca = self_signed("O=Org,CN=Root", authority_key(0));
	leaf = authority_issue(&recipe, ca, authority_key(0));
	scratch_folder_make(directory);
	(void)snprintf(bundle, sizeof(bundle), "%s/bundle.pem", directory);
	(void)snprintf(hashed, sizeof(hashed), "%s/%08lx.0", directory, X509_subject_name_hash(ca));
	context = SSL_CTX_new(TLS_client_method());
	trust = trust_store_new(directory, bundle);
	assert_non_null(context);
	assert_non_null(trust);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	SSL_CTX_free(context);
	trust_store_free(trust);
	scratch_folder_remove(directory);
	X509_free(leaf);
	X509_free(ca);
	return 0;
}

/* X509_V_OK or the reason against it. */
static int judge(void)
{
	X509_STORE_CTX *check = X509_STORE_CTX_new();
	int reason;

	assert_non_null(check);
	assert_int_equal(
	    X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(context), leaf, NULL), 1);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(check), (time_t)AUTHORITY_NOW);
	(void)X509_verify_cert(check);
	reason = X509_STORE_CTX_get_error(check);
	X509_STORE_CTX_free(check);
	return reason;
}

static int count_trusted(void)
{
	return sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context)));
}

static void a_ca_in_the_folder_is_trusted_and_the_bundle_is_not_read(void **state)
{
	X509 *other = self_signed("O=Org,CN=Other", authority_key(2));

	(void)state;
	write_certificate(hashed, ca);
	write_certificate(bundle, other);
	assert_true(trust_store_add(trust, context));
	assert_int_equal(judge(), X509_V_OK);
	assert_int_equal(count_trusted(), 1);
	X509_free(other);
}

static void a_ca_in_the_bundle_alone_is_trusted(void **state)
{
	(void)state;
	write_certificate(bundle, ca);
	assert_true(trust_store_add(trust, context));
	assert_int_equal(judge(), X509_V_OK);
	assert_int_equal(judge(), X509_V_OK); /* it is in the store now */
	assert_int_equal(count_trusted(), 1);
}

static void a_ca_in_neither_is_not_trusted(void **state)
{
	X509 *other = self_signed("O=Org,CN=Other", authority_key(2));

	(void)state;
	write_certificate(bundle, other);
	assert_true(trust_store_add(trust, context));
	assert_int_equal(judge(), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	X509_free(other);
}

static void a_ca_of_the_same_name_with_another_key_is_not_trusted(void **state)
{
	X509 *other = self_signed("O=Org,CN=Root", authority_key(2));

	(void)state;
	write_certificate(bundle, other);
	assert_true(trust_store_add(trust, context));
	assert_int_not_equal(judge(), X509_V_OK);
	X509_free(other);
}

static void without_a_bundle_the_folder_still_serves(void **state)
{
	(void)state;
	assert_true(trust_store_add(trust, context));
	assert_int_equal(judge(), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	write_certificate(hashed, ca);
	assert_int_equal(judge(), X509_V_OK);
}

static void two_connections_are_served_by_one(void **state)
{
	SSL_CTX *first = context;

	(void)state;
	write_certificate(bundle, ca);
	assert_true(trust_store_add(trust, context));
	assert_int_equal(judge(), X509_V_OK);
	SSL_CTX_free(first);
	context = SSL_CTX_new(TLS_client_method());
	assert_non_null(context);
	assert_true(trust_store_add(trust, context));
	assert_int_equal(judge(), X509_V_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_ca_in_the_folder_is_trusted_and_the_bundle_is_not_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_ca_in_the_bundle_alone_is_trusted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_ca_in_neither_is_not_trusted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_ca_of_the_same_name_with_another_key_is_not_trusted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    without_a_bundle_the_folder_still_serves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    two_connections_are_served_by_one, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
