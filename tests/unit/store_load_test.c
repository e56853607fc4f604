#include "agent/state/store.h"

#include "base/text.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/store_run.h"
#include "tests/unit/test.h"

#include <string.h>

static void what_was_written_is_loaded(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = store_run_open_with_two();
	scoped(generation) struct generation expected = state_folder_generation(1);
	scoped(generation) struct generation loaded = { 0 };
	scoped(generation) struct generation inactive = { 0 };

	(void)state;
	assert_ok(store_load(store, 1, &loaded, &error), &error);
	assert_int_equal(loaded.number, 1);
	assert_int_equal(X509_cmp(loaded.certificate, expected.certificate), 0);
	assert_int_equal(sk_X509_num(loaded.chain), 1);
	assert_int_equal(
	    X509_cmp(sk_X509_value(loaded.chain, 0), sk_X509_value(expected.chain, 0)), 0);
	assert_string_equal(loaded.key_uri, expected.key_uri);
	assert_string_equal(loaded.key_id, expected.key_id);
	assert_string_equal(loaded.key_label, expected.key_label);
	assert_string_equal(loaded.director_url, expected.director_url);
	assert_null(loaded.connector_url);
	assert_true(loaded.same_issuer);
	assert_false(loaded.revoked);
	assert_true(loaded.activated > 1700000000);
	assert_ok(store_load(store, 2, &inactive, &error), &error);
	assert_int_equal(inactive.activated, 0);
}

/* Replaces a file of generation 1; NULL removes it. */
static void damage(struct store *store, const char *name, const char *text)
{
	char path[128];

	assert_true(text_format(path, sizeof(path), "generations/1/%s", name));
	assert_int_equal(unlinkat(store_folder(store), path, 0), 0);
	assert_true(text_format(path, sizeof(path), "orders/generations/1/%s", name));
	if (text)
		state_folder_write(path, text);
}

static void assert_damaged(struct store *store, const char *name)
{
	struct error error = ERROR_INIT;
	struct generation generation = { .number = 77 };

	assert_refused(store_load(store, 1, &generation, &error), &error, ERROR_DAMAGED);
	assert_non_null(strstr(error.message, name));
	assert_non_null(strstr(error.message, "generations/1"));
	assert_int_equal(generation.number, 77);
}

static void a_damaged_file_makes_a_damaged_generation_that_names_it(void **state)
{
	static const char *const names[] = { "certificate.pem", "ca.pem", "chain.pem", "key.uri",
		"generation.json" };
	static const char *const texts[] = { NULL, "x", "-----BEGIN CERTIFICATE-----\n", "{}\n",
		"\n", "pkcs11:token=t", "pkcs11:token=t\r", "pkcs11:token=t\n\n" };
	scoped(store) struct store *store = store_run_open_with_two();

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		char path[128];
		char *good;

		assert_true(text_format(path, sizeof(path), "orders/generations/1/%s", names[i]));
		good = state_folder_read(path);
		for (size_t j = 0; j < ARRAY_LENGTH(texts); j++) {
			damage(store, names[i], texts[j]);
			/* When another file is what no longer fits to it, that one is named. */
			assert_damaged(store, texts[j] ? "generations" : names[i]);
			state_folder_write(path, good);
		}
		free(good);
	}
}

static void a_chain_of_the_same_length_that_is_another_is_damage(void **state)
{
	scoped(store) struct store *store = store_run_open_with_two();
	scoped(char) char *chain = state_folder_read("orders/generations/1/chain.pem");
	char *const places[] = { chain + 100, chain + strlen(chain) - 100 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
		char before = *places[i];

		*places[i] = before == 'A' ? 'B' : 'A';
		damage(store, "chain.pem", chain);
		assert_damaged(store, "chain.pem");
		*places[i] = before;
	}
}

static void an_empty_ca_file_is_damage_unless_the_chain_is_the_leaf(void **state)
{
	scoped(store) struct store *store = store_run_open_with_two();
	char *leaf = state_folder_read("orders/generations/1/certificate.pem");
	struct error error = ERROR_INIT;
	scoped(generation) struct generation generation = { 0 };

	(void)state;
	damage(store, "ca.pem", "");
	assert_damaged(store, "chain.pem");
	damage(store, "chain.pem", leaf);
	assert_ok(store_load(store, 1, &generation, &error), &error);
	assert_int_equal(sk_X509_num(generation.chain), 0);
	free(leaf);
}

static void generation_json_is_read_strictly(void **state)
{
	static const struct {
		const char *from, *to;
	} changes[] = {
		{ "\"schema_version\":1", "\"schema_version\":2" },
		{ "\"number\":1", "\"number\":2" },
		{ "\"number\":1", "\"number\":\"1\"" },
		{ "\"number\":1", "\"number\":1,\"number\":1" },
		{ "\"revoked\":false", "\"revoked\":0" },
		{ "\"revoked\":false", "\"Revoked\":false" },
		{ "\"same_issuer\":true,", "" },
		{ "\"key_id\":\"0102\"", "\"key_id\":\"01022\"" },
		{ "\"key_id\":\"0102\"", "\"key_id\":\"010G\"" },
		{ "\"key_label\":", "\"key_label\":7,\"x\":" },
		{ "\"certificate_sha256\":\"", "\"certificate_sha256\":\"00\",\"x\":\"" },
	};
	scoped(store) struct store *store = store_run_open_with_two();
	char *good = state_folder_read("orders/generations/1/generation.json");

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
		char changed[4096];
		const char *at = strstr(good, changes[i].from);

		assert_non_null(at);
		assert_true(text_format(changed, sizeof(changed), "%.*s%s%s", (int)(at - good),
		    good, changes[i].to, at + strlen(changes[i].from)));
		damage(store, "generation.json", changed);
		assert_damaged(store, "generation.json");
	}
	free(good);
}

static void a_symlink_in_the_place_of_a_generation_or_file_is_not_followed(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = store_run_open_with_two();
	struct generation generation;

	(void)state;
	assert_int_equal(symlinkat("2", store_folder(store), "generations/3"), 0);
	assert_false(store_load(store, 3, &generation, &error));
	assert_int_equal(unlinkat(store_folder(store), "generations/1/key.uri", 0), 0);
	assert_int_equal(
	    symlinkat("../2/key.uri", store_folder(store), "generations/1/key.uri"), 0);
	assert_refused(store_load(store, 1, &generation, &error), &error, ERROR_PERMISSION);
}

static void a_generation_that_is_not_there_is_damage(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = store_run_open_with_two();
	struct generation generation;

	(void)state;
	assert_refused(store_load(store, 3, &generation, &error), &error, ERROR_DAMAGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BEFORE_ANY_STATE(what_was_written_is_loaded),
		BEFORE_ANY_STATE(a_damaged_file_makes_a_damaged_generation_that_names_it),
		BEFORE_ANY_STATE(a_chain_of_the_same_length_that_is_another_is_damage),
		BEFORE_ANY_STATE(an_empty_ca_file_is_damage_unless_the_chain_is_the_leaf),
		BEFORE_ANY_STATE(generation_json_is_read_strictly),
		BEFORE_ANY_STATE(a_symlink_in_the_place_of_a_generation_or_file_is_not_followed),
		BEFORE_ANY_STATE(a_generation_that_is_not_there_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
