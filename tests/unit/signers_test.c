#include "agent/renewal/signers.h"

#include "base/scoped.h"
#include "tests/fakes/signer.h"
#include "tests/unit/test.h"

#include <string.h>

static struct signers signers;

static int set_up(void **state)
{
	fake_signers = (struct fake_signers){ .open = 0 };
	signers = (struct signers){ .choice = SIGNER_CHOICE_AUTO };
	*state = &signers;
	return 0;
}

static int tear_down(void **state)
{
	signers_close(*state);
	return fake_signers.open == 0 ? 0 : -1;
}

static bool load(struct error *error)
{
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;

	return signers_load_key(&signers, NULL, &key, error);
}

static void assert_loads_by(const char *name)
{
	struct error error = ERROR_INIT;

	assert_ok(load(&error), &error);
	assert_string_equal(signers_name(&signers), name);
}

static void auto_takes_the_first_and_opens_no_other(void **state)
{
	(void)state;
	assert_loads_by("provider");
	assert_loads_by("provider");
	assert_false(signers_make_pss(&signers));
	assert_int_equal(fake_signers.open, 1);
	assert_int_equal(fake_signers.sessions, 0);
}

static void auto_passes_over_what_is_absent(void **state)
{
	(void)state;
	fake_signers.absent[SIGNER_PROVIDER] = true;
	assert_loads_by("engine");
	assert_true(signers_make_pss(&signers));
	assert_int_equal(fake_signers.sessions, 0);
}

static void auto_passes_over_what_loads_nothing_and_does_not_ask_it_again(void **state)
{
	(void)state;
	fake_signers.loads_nothing[SIGNER_PROVIDER] = true;
	fake_signers.loads_nothing[SIGNER_ENGINE] = true;
	assert_loads_by("pkcs11prov");
	assert_loads_by("pkcs11prov");
	assert_string_equal(fake_signers.asked_order, "provider engine pkcs11prov pkcs11prov ");
	assert_int_equal(fake_signers.sessions, 2);
}

static void a_key_that_is_not_there_is_asked_of_one_signer(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	fake_signers.no_key = true;
	assert_refused(load(&error), &error, ERROR_TOKEN);
	assert_string_equal(error.message, "provider loads nothing");
	assert_string_equal(fake_signers.asked_order, "provider ");
}

/* The engine waits for ever when it gets none. */
static void a_token_without_another_session_gets_no_other_signer(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	fake_signers.loads_nothing[SIGNER_PROVIDER] = true;
	fake_signers.no_session = true;
	assert_refused(load(&error), &error, ERROR_TOKEN);
	assert_string_equal(error.message, "provider loads nothing; no session; no session");
	assert_int_equal(fake_signers.open, 1);
}

static void without_any_signer_the_packages_that_would_help_are_named(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < SIGNER_KIND_COUNT; i++)
		fake_signers.absent[i] = true;
	assert_refused(load(&error), &error, ERROR_TOKEN);
	assert_non_null(strstr(error.message, "install package-a or package-b"));
	fake_signers.no_engine = true;
	assert_refused(load(&error), &error, ERROR_TOKEN);
	assert_non_null(strstr(error.message, "install package-a"));
	assert_null(strstr(error.message, " or "));
}

static void the_signer_of_the_configuration_is_the_only_one(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	signers.choice = SIGNER_CHOICE_ENGINE;
	assert_loads_by("engine");
	assert_false(signers_take_over(&signers));
	assert_string_equal(signers_name(&signers), "engine");
	signers.choice = SIGNER_CHOICE_PKCS11PROV;
	fake_signers.absent[SIGNER_PKCS11PROV] = true;
	assert_refused(load(&error), &error, ERROR_TOKEN);
	assert_string_equal(error.message, "pkcs11prov is absent");
}

static void after_a_wrong_signature_the_next_takes_over_until_there_is_none(void **state)
{
	(void)state;
	fake_signers.absent[SIGNER_ENGINE] = true;
	assert_loads_by("provider");
	assert_true(signers_take_over(&signers));
	assert_string_equal(signers_name(&signers), "pkcs11prov");
	assert_loads_by("pkcs11prov");
	assert_false(signers_take_over(&signers));
	assert_loads_by("pkcs11prov");
	assert_string_equal(fake_signers.asked_order, "provider pkcs11prov pkcs11prov ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    auto_takes_the_first_and_opens_no_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(auto_passes_over_what_is_absent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    auto_passes_over_what_loads_nothing_and_does_not_ask_it_again, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    a_key_that_is_not_there_is_asked_of_one_signer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_token_without_another_session_gets_no_other_signer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    without_any_signer_the_packages_that_would_help_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_signer_of_the_configuration_is_the_only_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    after_a_wrong_signature_the_next_takes_over_until_there_is_none, set_up,
		    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
