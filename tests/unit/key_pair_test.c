#include "pkcs11/key_pair.h"

#include "base/text.h"
#include "pkcs11/token.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <openssl/rsa.h>
#include <string.h>

#define BITS 2048

static const struct key_id id = { { 0x00, 0x17, 0xff }, 3 };
static const struct key_id other_id = { { 0x00, 0x17, 0xfe }, 3 };

static struct key_pair find(const struct soft_token *soft, const struct key_id *wanted)
{
	struct key_pair pair;
	struct error error = ERROR_INIT;

	assert_ok(key_pair_find(soft->token, wanted, &pair, &error), &error);
	assert_true(key_id_equal(&pair.id, wanted));
	return pair;
}

static void generate(const struct soft_token *soft, const struct key_id *wanted, const char *label)
{
	struct error error = ERROR_INIT;

	assert_ok(key_pair_generate(soft->token, wanted, label, BITS, &error), &error);
}

static void assert_unusable(const struct key_pair *pair, unsigned bits, const char *complaint)
{
	struct error error = ERROR_INIT;

	assert_refused(key_pair_check(pair, bits, &error), &error, ERROR_TOKEN);
	assert_non_null(strstr(error.message, "the key 0017f"));
	if (!strstr(error.message, complaint))
		fail_msg("\"%s\" is not about \"%s\"", error.message, complaint);
}

static void a_key_that_was_never_made_is_absent(void **state)
{
	const struct soft_token *soft = *state;
	struct key_pair pair = find(soft, &id);

	assert_int_equal(pair.state, KEY_PAIR_ABSENT);
	assert_int_equal(pair.bits, 0);
	assert_string_equal(pair.label, "");
	assert_int_equal(pair.attributes.sensitive, KEY_ATTRIBUTE_UNKNOWN);
	assert_unusable(&pair, BITS, "is not in the token");
}

static void a_generated_pair_is_whole_and_has_exactly_the_attributes_of_the_template(void **state)
{
	const struct soft_token *soft = *state;
	struct error error = ERROR_INIT;
	struct key_pair pair;

	generate(soft, &id, "renewal-agent/0/a/1");
	pair = find(soft, &id);
	assert_int_equal(pair.state, KEY_PAIR_WHOLE);
	assert_int_equal(pair.bits, BITS);
	assert_int_equal(pair.exponent, 65537);
	assert_string_equal(pair.label, "renewal-agent/0/a/1");
	assert_int_equal(pair.attributes.token, KEY_ATTRIBUTE_TRUE);
	assert_int_equal(pair.attributes.private_object, KEY_ATTRIBUTE_TRUE);
	assert_int_equal(pair.attributes.sensitive, KEY_ATTRIBUTE_TRUE);
	assert_int_equal(pair.attributes.extractable, KEY_ATTRIBUTE_FALSE);
	assert_int_equal(pair.attributes.always_sensitive, KEY_ATTRIBUTE_TRUE);
	assert_int_equal(pair.attributes.never_extractable, KEY_ATTRIBUTE_TRUE);
	assert_int_equal(pair.attributes.local, KEY_ATTRIBUTE_TRUE);
	assert_int_equal(pair.attributes.sign, KEY_ATTRIBUTE_TRUE);
	assert_int_equal(pair.attributes.decrypt, KEY_ATTRIBUTE_FALSE);
	assert_int_equal(pair.attributes.unwrap, KEY_ATTRIBUTE_FALSE);
	assert_int_equal(pair.attributes.sign_recover, KEY_ATTRIBUTE_FALSE);
	assert_int_equal(pair.attributes.derive, KEY_ATTRIBUTE_FALSE);
	assert_int_equal(pair.attributes.always_authenticate, KEY_ATTRIBUTE_FALSE);
	assert_ok(key_pair_check(&pair, BITS, &error), &error);
	assert_ok(key_pair_check(&pair, 0, &error), &error);
}

static bool public_attribute(const struct soft_token *soft, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = 99;
	CK_ATTRIBUTE attribute = { type, &value, sizeof(value) };
	CK_OBJECT_HANDLE object = soft_token_object(soft, CKO_PUBLIC_KEY, &id);

	assert_int_equal(
	    token_functions(soft->token)
		->C_GetAttributeValue(token_session(soft->token), object, &attribute, 1),
	    CKR_OK);
	assert_in_range(value, CK_FALSE, CK_TRUE);
	return value;
}

static void a_generated_public_key_verifies_and_does_nothing_else(void **state)
{
	const struct soft_token *soft = *state;

	generate(soft, &id, "a");
	assert_true(public_attribute(soft, CKA_TOKEN));
	assert_true(public_attribute(soft, CKA_VERIFY));
	assert_false(public_attribute(soft, CKA_ENCRYPT));
	assert_false(public_attribute(soft, CKA_WRAP));
}

static void a_pair_without_its_private_object_is_half(void **state)
{
	const struct soft_token *soft = *state;
	struct key_pair pair;

	generate(soft, &id, "a");
	soft_token_destroy_object(soft, soft_token_object(soft, CKO_PRIVATE_KEY, &id));
	pair = find(soft, &id);
	assert_int_equal(pair.state, KEY_PAIR_HALF);
	assert_string_equal(pair.label, "a");
	assert_int_equal(pair.attributes.sensitive, KEY_ATTRIBUTE_UNKNOWN);
	assert_unusable(&pair, BITS, "is not whole");
}

static void a_pair_without_its_public_object_may_be_used_but_is_told_apart(void **state)
{
	const struct soft_token *soft = *state;
	struct error error = ERROR_INIT;
	struct key_pair pair;

	generate(soft, &id, "a");
	soft_token_destroy_object(soft, soft_token_object(soft, CKO_PUBLIC_KEY, &id));
	pair = find(soft, &id);
	assert_int_equal(pair.state, KEY_PAIR_PRIVATE);
	assert_int_equal(pair.bits, BITS);
	assert_ok(key_pair_check(&pair, BITS, &error), &error);
}

/* What a kill inside SoftHSM's C_GenerateKeyPair leaves: it loads, and fails when it signs. */
static void a_labelled_private_key_with_an_empty_modulus_is_half(void **state)
{
	const struct soft_token *soft = *state;
	struct key_pair pair;

	soft_token_create_private_key(soft, &id, "a", NULL, 0);
	assert_int_equal(find(soft, &id).state, KEY_PAIR_HALF);
	soft_token_create_public_key(soft, &id, "a", NULL, 0);
	pair = find(soft, &id);
	assert_int_equal(pair.state, KEY_PAIR_HALF);
	assert_int_equal(pair.attributes.sign, KEY_ATTRIBUTE_TRUE);
	assert_int_equal(pair.bits, 0);
	assert_unusable(&pair, 0, "is not whole");
}

static void two_halves_of_different_keys_are_no_pair(void **state)
{
	const struct soft_token *soft = *state;
	unsigned char modulus[BITS / 8] = { 0xff };

	generate(soft, &id, "a");
	soft_token_destroy_object(soft, soft_token_object(soft, CKO_PUBLIC_KEY, &id));
	soft_token_create_public_key(soft, &id, "a", modulus, sizeof(modulus));
	assert_int_equal(find(soft, &id).state, KEY_PAIR_HALF);
}

static void two_keys_with_one_id_are_ambiguous(void **state)
{
	const struct soft_token *soft = *state;
	struct key_pair pair;

	generate(soft, &id, "a");
	generate(soft, &id, "b");
	pair = find(soft, &id);
	assert_int_equal(pair.state, KEY_PAIR_AMBIGUOUS);
	assert_unusable(&pair, BITS, "destroy the one that is not labelled renewal-agent/...");
	soft_token_create_public_key(soft, &other_id, "a", NULL, 0);
	soft_token_create_public_key(soft, &other_id, "a", NULL, 0);
	assert_int_equal(find(soft, &other_id).state, KEY_PAIR_AMBIGUOUS);
	soft_token_empty(state);
	soft_token_create_private_key(soft, &other_id, "a", NULL, 0);
	soft_token_create_private_key(soft, &other_id, "a", NULL, 0);
	assert_int_equal(find(soft, &other_id).state, KEY_PAIR_AMBIGUOUS);
}

static void a_key_that_could_leave_the_token_or_may_not_sign_is_refused(void **state)
{
	static const struct {
		bool sensitive, extractable, sign;
		const char *complaint;
	} cases[] = {
		{ true, true, true, "CKA_EXTRACTABLE is not FALSE" },
		{ false, false, true, "CKA_SENSITIVE is not TRUE" },
		{ true, false, false, "CKA_SIGN is FALSE" },
	};
	const struct soft_token *soft = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct key_pair pair;

		soft_token_generate_otherwise(
		    soft, &id, cases[i].sensitive, cases[i].extractable, cases[i].sign);
		pair = find(soft, &id);
		assert_int_equal(pair.state, KEY_PAIR_WHOLE);
		assert_unusable(&pair, BITS, cases[i].complaint);
		assert_int_equal(soft_token_empty(state), 0);
	}
}

static void what_the_token_does_not_tell_is_not_taken_for_good(void **state)
{
	const struct soft_token *soft = *state;
	struct error error = ERROR_INIT;
	struct key_pair good;
	struct key_pair pair;

	generate(soft, &id, "a");
	good = find(soft, &id);
	pair = good;
	pair.attributes.sensitive = KEY_ATTRIBUTE_UNKNOWN;
	assert_unusable(&pair, BITS, "CKA_SENSITIVE");
	pair = good;
	pair.attributes.extractable = KEY_ATTRIBUTE_UNKNOWN;
	assert_unusable(&pair, BITS, "CKA_EXTRACTABLE");
	pair = good;
	pair.attributes.token = KEY_ATTRIBUTE_UNKNOWN;
	assert_unusable(&pair, BITS, "CKA_TOKEN");
	/* Not every token knows these. */
	pair = good;
	pair.attributes.sign = KEY_ATTRIBUTE_UNKNOWN;
	pair.attributes.local = KEY_ATTRIBUTE_FALSE;
	assert_ok(key_pair_check(&pair, BITS, &error), &error);
}

static void a_key_of_another_size_or_exponent_is_refused(void **state)
{
	const struct soft_token *soft = *state;
	struct key_pair pair;

	generate(soft, &id, "a");
	pair = find(soft, &id);
	assert_unusable(&pair, 4096, "(RSA, 2048 bits) has not the size");
	assert_unusable(&pair, 2047, "has not the size");
	pair.bits = 1024;
	assert_unusable(&pair, 0, "has not the size");
	pair.bits = BITS;
	pair.exponent = 3;
	assert_unusable(&pair, BITS, "public exponent 65537");
}

static void the_public_half_comes_from_either_object(void **state)
{
	const struct soft_token *soft = *state;
	scoped(EVP_PKEY) EVP_PKEY *both = NULL;
	scoped(EVP_PKEY) EVP_PKEY *from_private = NULL;
	struct error error = ERROR_INIT;

	generate(soft, &id, "a");
	assert_ok(key_pair_public_key(soft->token, &id, &both, &error), &error);
	assert_int_equal(EVP_PKEY_get_bits(both), BITS);
	soft_token_destroy_object(soft, soft_token_object(soft, CKO_PUBLIC_KEY, &id));
	assert_ok(key_pair_public_key(soft->token, &id, &from_private, &error), &error);
	assert_int_equal(EVP_PKEY_eq(both, from_private), 1);
}

static void a_key_that_is_absent_or_empty_has_no_public_half(void **state)
{
	const struct soft_token *soft = *state;
	EVP_PKEY *key = NULL;
	struct error error = ERROR_INIT;

	assert_refused(key_pair_public_key(soft->token, &id, &key, &error), &error, ERROR_TOKEN);
	soft_token_create_private_key(soft, &id, "a", NULL, 0);
	assert_refused(key_pair_public_key(soft->token, &id, &key, &error), &error, ERROR_TOKEN);
	assert_non_null(strstr(error.message, "the token fleet has no RSA key 0017ff"));
	assert_null(key);
}

static void destroying_takes_every_object_of_the_id_and_no_other(void **state)
{
	const struct soft_token *soft = *state;
	struct error error = ERROR_INIT;
	size_t destroyed = 99;

	generate(soft, &id, "a");
	generate(soft, &id, "a");
	generate(soft, &other_id, "a");
	assert_ok(key_pair_destroy(soft->token, &id, "", &destroyed, &error), &error);
	assert_int_equal(destroyed, 4);
	assert_int_equal(find(soft, &id).state, KEY_PAIR_ABSENT);
	assert_int_equal(find(soft, &other_id).state, KEY_PAIR_WHOLE);
	assert_int_equal(soft_token_count(soft), 2);
	assert_ok(key_pair_destroy(soft->token, &id, "", &destroyed, &error), &error);
	assert_int_equal(destroyed, 0);
	assert_ok(key_pair_destroy(soft->token, &other_id, "", NULL, &error), &error);
	assert_int_equal(soft_token_count(soft), 0);
}

static void a_key_of_others_with_the_same_id_is_left_alone(void **state)
{
	const struct soft_token *soft = *state;
	struct error error = ERROR_INIT;
	size_t destroyed = 99;

	generate(soft, &id, "renewal-agent/x/orders/1");
	generate(soft, &id, "somebody");
	soft_token_create_private_key(soft, &id, "", NULL, 0); /* what a kill leaves */
	assert_ok(key_pair_destroy(soft->token, &id, "renewal-agent/", &destroyed, &error), &error);
	assert_int_equal(destroyed, 3);
	assert_int_equal(find(soft, &id).state, KEY_PAIR_WHOLE);
	assert_string_equal(find(soft, &id).label, "somebody");
}

static void sizes_beyond_the_token_are_refused_with_its_range(void **state)
{
	const struct soft_token *soft = *state;
	struct error error = ERROR_INIT;

	assert_ok(key_pair_check_bits(soft->token, 4096, &error), &error);
	assert_refused(key_pair_check_bits(soft->token, 256, &error), &error, ERROR_TOKEN);
	assert_refused(key_pair_check_bits(soft->token, 65536, &error), &error, ERROR_TOKEN);
	assert_non_null(strstr(error.message, "RSA keys of 512 to 16384 bits, not of 65536"));
}

static void a_label_that_does_not_fit_or_an_empty_id_never_reaches_the_token(void **state)
{
	const struct soft_token *soft = *state;
	const struct key_id none = { .length = 0 };
	struct error error = ERROR_INIT;
	char label[KEY_LABEL_SIZE + 1];

	memset(label, 'x', sizeof(label));
	label[KEY_LABEL_SIZE] = '\0';
	assert_refused(
	    key_pair_generate(soft->token, &id, label, BITS, &error), &error, ERROR_INTERNAL);
	assert_refused(
	    key_pair_generate(soft->token, &none, "a", BITS, &error), &error, ERROR_INTERNAL);
	assert_int_equal(soft_token_count(soft), 0);
	label[KEY_LABEL_SIZE - 1] = '\0';
	generate(soft, &id, label);
	assert_string_equal(find(soft, &id).label, label);
}

#define ON_AN_EMPTY_TOKEN(test) cmocka_unit_test_teardown(test, soft_token_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_AN_EMPTY_TOKEN(a_key_that_was_never_made_is_absent),
		ON_AN_EMPTY_TOKEN(
		    a_generated_pair_is_whole_and_has_exactly_the_attributes_of_the_template),
		ON_AN_EMPTY_TOKEN(a_generated_public_key_verifies_and_does_nothing_else),
		ON_AN_EMPTY_TOKEN(a_pair_without_its_private_object_is_half),
		ON_AN_EMPTY_TOKEN(a_pair_without_its_public_object_may_be_used_but_is_told_apart),
		ON_AN_EMPTY_TOKEN(a_labelled_private_key_with_an_empty_modulus_is_half),
		ON_AN_EMPTY_TOKEN(two_halves_of_different_keys_are_no_pair),
		ON_AN_EMPTY_TOKEN(two_keys_with_one_id_are_ambiguous),
		ON_AN_EMPTY_TOKEN(a_key_that_could_leave_the_token_or_may_not_sign_is_refused),
		ON_AN_EMPTY_TOKEN(what_the_token_does_not_tell_is_not_taken_for_good),
		ON_AN_EMPTY_TOKEN(a_key_of_another_size_or_exponent_is_refused),
		ON_AN_EMPTY_TOKEN(the_public_half_comes_from_either_object),
		ON_AN_EMPTY_TOKEN(a_key_that_is_absent_or_empty_has_no_public_half),
		ON_AN_EMPTY_TOKEN(destroying_takes_every_object_of_the_id_and_no_other),
		ON_AN_EMPTY_TOKEN(a_key_of_others_with_the_same_id_is_left_alone),
		ON_AN_EMPTY_TOKEN(sizes_beyond_the_token_are_refused_with_its_range),
		ON_AN_EMPTY_TOKEN(a_label_that_does_not_fit_or_an_empty_id_never_reaches_the_token),
	};

	return cmocka_run_group_tests(tests, soft_token_make_and_open, soft_token_remove);
}
