#include "pkcs11/signer_library_context.h"

#include "base/text.h"
#include "pkcs11/module.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <openssl/provider.h>
#include <string.h>
#include <unistd.h>

/* OpenSSL's own, which is always there. */
static const struct signer_provider legacy = {
	.name = "legacy",
	.package = "a-package",
	.module_setting = "token_module",
	.settings = "further = setting\n",
};

/* With the module under this name in the folder of the token. */
static bool open_with(struct soft_token *soft, const char *name,
    const struct signer_provider *provider, bool *ret_absent, struct error *error)
{
	void *context = NULL;
	char path[128];
	bool opened;

	text_format(path, sizeof(path), "%s/%s", soft->folder, name);
	assert_int_equal(symlink(SOFT_TOKEN_MODULE, path), 0);
	soft_token_open(soft, path);
	*ret_absent = false;
	opened = signer_library_context_open(provider, soft->token, &context, ret_absent, error);
	if (opened) {
		assert_int_equal(OSSL_PROVIDER_available(context, provider->name), 1);
		assert_int_equal(OSSL_PROVIDER_available(context, "default"), 1);
		signer_library_context_close(context);
	}
	soft_token_close(soft);
	assert_int_equal(unlink(path), 0);
	return opened;
}

static void the_provider_is_in_a_context_of_its_own(void **state)
{
	struct error error = ERROR_INIT;
	bool absent;

	assert_ok(open_with(*state, "module.so", &legacy, &absent, &error), &error);
	assert_false(absent);
	assert_int_equal(OSSL_PROVIDER_available(NULL, "legacy"), 0);
}

static void a_path_may_hold_what_means_something_outside_quotes(void **state)
{
	static const char *const names[] = { "a b.so", "a;b.so", "a#b.so", "a=[b].so",
		"\xc3\xa4.so" };

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct error error = ERROR_INIT;
		bool absent;

		assert_ok(open_with(*state, names[i], &legacy, &absent, &error), &error);
	}
}

static void a_path_that_could_add_to_the_configuration_is_refused(void **state)
{
	static const char *const names[] = { "a\nb.so", "a\"b.so", "a'b.so", "a`b.so", "a\\b.so",
		"a$HOME.so", "a\tb.so" };

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct error error = ERROR_INIT;
		bool absent;

		assert_refused(
		    open_with(*state, names[i], &legacy, &absent, &error), &error, ERROR_CONFIG);
		assert_false(absent);
		assert_non_null(strstr(error.message, "the path of the module"));
	}
}

static void a_provider_that_is_not_there_is_absent_and_its_package_is_named(void **state)
{
	const struct signer_provider nothing = { "no-such", "a-package", "token_module", "" };
	struct error error = ERROR_INIT;
	bool absent;

	assert_refused(
	    open_with(*state, "module.so", &nothing, &absent, &error), &error, ERROR_TOKEN);
	assert_true(absent);
	assert_non_null(strstr(error.message, "\"no-such\", install a-package"));
}

static void a_key_that_nobody_has_is_refused(void **state)
{
	struct soft_token *soft = *state;
	struct error error = ERROR_INIT;
	void *context = NULL;
	EVP_PKEY *key = NULL;
	bool absent = false;

	soft_token_open(soft, SOFT_TOKEN_MODULE);
	assert_ok(
	    signer_library_context_open(&legacy, soft->token, &context, &absent, &error), &error);
	assert_refused(signer_library_context_load(
			   context, SOFT_TOKEN_URI ";id=%01;type=private", &key, &error),
	    &error, ERROR_TOKEN);
	assert_null(key);
	signer_library_context_close(context);
	soft_token_close(soft);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_provider_is_in_a_context_of_its_own),
		cmocka_unit_test(a_path_may_hold_what_means_something_outside_quotes),
		cmocka_unit_test(a_path_that_could_add_to_the_configuration_is_refused),
		cmocka_unit_test(a_provider_that_is_not_there_is_absent_and_its_package_is_named),
		cmocka_unit_test(a_key_that_nobody_has_is_refused),
	};

	return cmocka_run_group_tests(tests, soft_token_make, soft_token_remove);
}
