#include "pkcs11/key_pair.h"

#include "base/text.h"
#include "pkcs11/token.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <string.h>

#define OURS "renewal-agent/1a2b3c4d/orders/"

static const unsigned char modulus[256] = { 0xc0, [255] = 1 };

static struct key_id numbered(size_t number)
{
	const struct key_id id = { { (unsigned char)(number >> 8), (unsigned char)number }, 2 };

	return id;
}

/* Both objects, as far as the list looks at them. */
static void make_pair(const struct soft_token *soft, size_t number, const char *label)
{
	const struct key_id id = numbered(number);

	soft_token_create_private_key(soft, &id, label, modulus, sizeof(modulus));
	soft_token_create_public_key(soft, &id, label, modulus, sizeof(modulus));
}

static size_t list(const struct soft_token *soft, struct key_pair **pairs)
{
	struct error error = ERROR_INIT;
	size_t count = 99;

	assert_ok(key_pair_list(soft->token, OURS, pairs, &count, &error), &error);
	assert_non_null(*pairs);
	return count;
}

static void an_empty_token_has_an_empty_list(void **state)
{
	scoped(key_pair_list) struct key_pair *pairs = NULL;

	assert_int_equal(list(*state, &pairs), 0);
}

static void our_pairs_are_listed_in_the_order_of_their_labels(void **state)
{
	static const char *const labels[] = { OURS "1", OURS "2", OURS "3" };
	scoped(key_pair_list) struct key_pair *pairs = NULL;

	make_pair(*state, 7, labels[1]);
	make_pair(*state, 9, labels[0]);
	make_pair(*state, 8, labels[2]);
	assert_int_equal(list(*state, &pairs), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(pairs[i].label, labels[i]);
		assert_int_equal(pairs[i].state, KEY_PAIR_WHOLE);
		assert_int_equal(pairs[i].bits, 2048);
		assert_int_equal(pairs[i].exponent, 65537);
		assert_int_equal(pairs[i].attributes.extractable, KEY_ATTRIBUTE_FALSE);
	}
	assert_int_equal(pairs[0].id.bytes[1], 9);
	assert_int_equal(pairs[1].id.bytes[1], 7);
}

static void keys_of_others_are_not_listed(void **state)
{
	const struct soft_token *soft = *state;
	const struct key_id longest = { { [31] = 1 }, KEY_ID_SIZE_MAX };
	scoped(key_pair_list) struct key_pair *pairs = NULL;

	make_pair(soft, 1, "renewal-agent/1a2b3c4d/orders2/1");
	make_pair(soft, 2, "");
	make_pair(soft, 3, "x" OURS "1");
	soft_token_create_public_key(soft, NULL, OURS "no id", modulus, sizeof(modulus));
	soft_token_create_public_key(soft, &longest, OURS "1", modulus, sizeof(modulus));
	assert_int_equal(list(soft, &pairs), 1);
	assert_true(key_id_equal(&pairs[0].id, &longest));
}

static void halves_and_doubles_of_ours_are_listed_for_what_they_are(void **state)
{
	const struct soft_token *soft = *state;
	const struct key_id public_only = numbered(1);
	const struct key_id private_only = numbered(2);
	const struct key_id unlabelled = numbered(3);
	scoped(key_pair_list) struct key_pair *pairs = NULL;

	soft_token_create_public_key(soft, &public_only, OURS "1", modulus, sizeof(modulus));
	soft_token_create_private_key(soft, &private_only, OURS "2", NULL, 0);
	soft_token_create_private_key(soft, &unlabelled, NULL, modulus, sizeof(modulus));
	soft_token_create_public_key(soft, &unlabelled, OURS "3", modulus, sizeof(modulus));
	make_pair(soft, 4, OURS "4");
	make_pair(soft, 4, "another label, the same id");
	assert_int_equal(list(soft, &pairs), 4);
	assert_int_equal(pairs[0].state, KEY_PAIR_HALF);
	assert_int_equal(pairs[1].state, KEY_PAIR_HALF);
	assert_string_equal(pairs[1].label, OURS "2");
	assert_int_equal(pairs[2].state, KEY_PAIR_WHOLE);
	assert_string_equal(pairs[2].label, OURS "3");
	assert_int_equal(pairs[3].state, KEY_PAIR_AMBIGUOUS);
	assert_true(key_id_equal(&pairs[3].id, &(struct key_id){ { 0, 4 }, 2 }));
}

/* The searches answer in portions. */
static void a_token_with_many_keys_is_listed_whole(void **state)
{
	const struct soft_token *soft = *state;
	scoped(key_pair_list) struct key_pair *pairs = NULL;

	for (size_t i = 0; i < 150; i++) {
		char label[KEY_LABEL_SIZE];

		text_format(label, sizeof(label), OURS "%03zu", i);
		make_pair(soft, 1000 - i, i % 2 == 0 ? label : "another's");
	}
	assert_int_equal(list(soft, &pairs), 75);
	for (size_t i = 0; i < 75; i++) {
		const struct key_id id = numbered(1000 - 2 * i);

		assert_true(key_id_equal(&pairs[i].id, &id));
		assert_int_equal(pairs[i].state, KEY_PAIR_WHOLE);
	}
}

static size_t list_wanting_pin(const struct soft_token *soft, struct key_pair **pairs)
{
	struct error error = ERROR_INIT;
	size_t count = 99;

	assert_ok(key_pair_list_wanting_pin(soft->token, pairs, &count, &error), &error);
	return count;
}

/* Of another program, which keeps what is longer than any modulus of ours. */
static void make_key_wanting_pin(const struct soft_token *soft, size_t number, CK_BBOOL wants)
{
	static unsigned char longer[3000] = { 0xc0, [2999] = 1 };
	struct key_id id = numbered(number);
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_ID, id.bytes, id.length },
		{ CKA_LABEL, (void *)"another's", strlen("another's") },
		{ CKA_MODULUS, longer, sizeof(longer) },
		{ CKA_PRIVATE_EXPONENT, longer, sizeof(longer) },
		{ CKA_ALWAYS_AUTHENTICATE, &wants, sizeof(wants) },
	};
	CK_OBJECT_HANDLE object;

	assert_int_equal(token_functions(soft->token)
			     ->C_CreateObject(token_session(soft->token), attributes,
				 ARRAY_LENGTH(attributes), &object),
	    CKR_OK);
}

/* Nothing else of them is read: a longer modulus does no harm. */
static void keys_of_others_that_want_the_pin_are_told_by_id_and_label(void **state)
{
	scoped(key_pair_list) struct key_pair *none = NULL;
	scoped(key_pair_list) struct key_pair *pairs = NULL;
	const struct soft_token *soft = *state;
	const struct key_id id = numbered(2);

	make_key_wanting_pin(soft, 1, CK_FALSE);
	assert_int_equal(list_wanting_pin(soft, &none), 0);
	make_key_wanting_pin(soft, 2, CK_TRUE);
	assert_int_equal(list_wanting_pin(soft, &pairs), 1);
	assert_true(key_id_equal(&pairs[0].id, &id));
	assert_string_equal(pairs[0].label, "another's");
}

#define ON_AN_EMPTY_TOKEN(test) cmocka_unit_test_teardown(test, soft_token_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_AN_EMPTY_TOKEN(an_empty_token_has_an_empty_list),
		ON_AN_EMPTY_TOKEN(our_pairs_are_listed_in_the_order_of_their_labels),
		ON_AN_EMPTY_TOKEN(keys_of_others_are_not_listed),
		ON_AN_EMPTY_TOKEN(halves_and_doubles_of_ours_are_listed_for_what_they_are),
		ON_AN_EMPTY_TOKEN(a_token_with_many_keys_is_listed_whole),
		ON_AN_EMPTY_TOKEN(keys_of_others_that_want_the_pin_are_told_by_id_and_label),
	};

	return cmocka_run_group_tests(tests, soft_token_make_and_open, soft_token_remove);
}
